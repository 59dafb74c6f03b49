import type { MailboxEndpoint } from '../mailbox/server.ts'
import type { ProviderAdapter, ProviderClient } from './adapter.ts'
import type { OutgoingEmail } from './outgoing.ts'
import type { SmtpConfig } from './smtp.ts'

export interface SandboxConfig {
  /** The project whose mailbox it fills. */
  projectId: string
}

/** Mails of one project on their way to the mailbox at once. */
export const SANDBOX_CONNECTIONS = 16

/**
 * The built-in mailbox. It takes the same way as real mail, by SMTP to a real server, so that what is tried in the sandbox
 * is what will happen; only the server is inside this process.
 */
export function createSandboxAdapter(deps: {
  endpointFor(projectId: string): Promise<MailboxEndpoint>
  smtp: ProviderAdapter<SmtpConfig, 'email'>
}): ProviderAdapter<SandboxConfig, 'email'> {
  return {
    kind: 'sandbox',
    channel: 'email',
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
        async send(email, signal) {
          try {
            return await (await open()).send(email, signal)
          } catch (error) {
            opening = undefined
            return {
              outcome: 'rejected_transient',
              reply: `The sandbox mailbox did not start: ${error}`,
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
