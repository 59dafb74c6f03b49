import type { MailboxEndpoint } from '../mailbox/server.ts'
import type { ProviderAdapter, ProviderClient } from './adapter.ts'
import { type Outgoing, type OutgoingEmail, PROVIDER_CHANNELS } from './outgoing.ts'
import type { SmtpConfig } from './smtp.ts'

export interface SandboxConfig {
  /** The project whose mailbox it fills. */
  projectId: string
}

/** Mails of one project on their way to the mailbox at once. */
export const SANDBOX_CONNECTIONS = 16

/**
 * The built-in mailbox and phone. Mail takes the same way as real mail, by SMTP to a real server, so that what is tried in
 * the sandbox is what will happen; only the server is inside this process. The other channels are kept in the database.
 */
export function createSandboxAdapter(deps: {
  endpointFor(projectId: string): Promise<MailboxEndpoint>
  smtp: ProviderAdapter<SmtpConfig, 'email'>
  /** Keeps what is no mail, once a message, and has its message delivered. */
  keep(message: Exclude<Outgoing, OutgoingEmail>): Promise<void>
}): ProviderAdapter<SandboxConfig> {
  return {
    kind: 'sandbox',
    channels: PROVIDER_CHANNELS,
    semantics: { ...deps.smtp.semantics, sandbox: true },
    connect({ projectId }) {
      let opening: Promise<ProviderClient<OutgoingEmail>> | undefined
      const open = (): Promise<ProviderClient<OutgoingEmail>> =>
        (opening ??= deps
          .endpointFor(projectId)
          .then((endpoint) =>
            deps.smtp.connect({ ...endpoint, security: 'none', maxConnections: SANDBOX_CONNECTIONS }),
          ))
      return {
        async send(message, signal) {
          try {
            if (message.channel === 'email') return await (await open()).send(message, signal)
            await deps.keep(message)
            return { outcome: 'accepted', providerMessageId: message.messageId, reply: 'The sandbox has it.' }
          } catch (error) {
            opening = undefined
            return {
              outcome: 'rejected_transient',
              reply: `The sandbox does not work: ${error}`,
              accountFault: true,
            }
          }
        },
        async verify() {
          const result = await (await open()).verify()
          return result.ok ? { ok: true, detail: 'The sandbox mailbox takes mail.' } : result
        },
        close: async () => (await opening)?.close(),
      }
    },
  }
}
