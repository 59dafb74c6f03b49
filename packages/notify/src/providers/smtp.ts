import type { ProviderAdapter, ProviderClient, ProviderSemantics } from './adapter.ts'
import { composeMail } from './mail-message.ts'
import type { OutgoingEmail } from './outgoing.ts'
import { openSmtpLine, type SmtpLineOptions } from './smtp-line.ts'
import { boundReply } from './smtp-outcome.ts'
import { createSmtpPool } from './smtp-pool.ts'

/** How to reach one SMTP server; `smtpDefaults` fills the rest. */
export interface SmtpConfig {
  host: string
  port: number
  security: 'starttls' | 'tls' | 'none'
  /** Empty: no sign-in. */
  username: string
  password: string
  /** Connections that each worker keeps open at the most. 1 to 100. */
  maxConnections: number
}

export interface SmtpAdapterOptions {
  connectTimeoutMs: number
  sendTimeoutMs: number
  /** Trusted certificates in PEM besides the system's. Operators use NODE_EXTRA_CA_CERTS. */
  ca?: string
  /** See SmtpPoolOptions. */
  idleMs?: number
  maxMailsPerLine?: number
}

/** How many connections an account without a number of its own gets. */
export const DEFAULT_SMTP_CONNECTIONS = 5

/**
 * Email over SMTP (RFC 5321). SMTP knows no idempotency key and cannot be asked later: an answer lost after the final
 * dot stays unknown.
 */
export function createSmtpAdapter(options: SmtpAdapterOptions): ProviderAdapter<SmtpConfig, 'email'> {
  return {
    kind: 'smtp',
    channels: ['email'],
    semantics: SMTP_SEMANTICS,
    connect: (config) => connect(config, options),
  }
}

/** Of a server that nothing more is known of. */
export const SMTP_SEMANTICS: ProviderSemantics = {
  idempotencyWindowMs: 0,
  lookup: false,
  reports: false,
  priceUnit: 'free',
  messagesPerSecond: 0,
  sandbox: false,
}

function connect(config: SmtpConfig, options: SmtpAdapterOptions): ProviderClient<OutgoingEmail> {
  const lineOptions: SmtpLineOptions = {
    ...config,
    connectTimeoutMs: options.connectTimeoutMs,
    sendTimeoutMs: options.sendTimeoutMs,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  }
  const pool = createSmtpPool({
    open: () => openSmtpLine(lineOptions),
    maxConnections: config.maxConnections,
    ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
    ...(options.maxMailsPerLine === undefined ? {} : { maxMailsPerLine: options.maxMailsPerLine }),
  })
  return {
    async send(email, signal) {
      const mail = await composeMail(email)
      return 'refused' in mail
        ? { outcome: 'rejected_permanent', reply: mail.refused }
        : pool.send(mail, signal)
    },
    async verify() {
      const line = await openSmtpLine(lineOptions)
      if ('failure' in line)
        return { ok: false, detail: boundReply(line.failure.reply ?? line.failure.trouble) }
      line.close()
      const encrypted = config.security === 'none' ? 'without encryption' : 'over TLS'
      const signedIn = config.username === '' ? 'Connected' : `Signed in as ${config.username}`
      return { ok: true, detail: `${signedIn} ${encrypted}.` }
    },
    close: () => pool.close(),
  }
}
