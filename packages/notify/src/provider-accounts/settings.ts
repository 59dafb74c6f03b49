import type { SettingsOf, SettingsTable } from '@mainstay/kernel'

/** The directory's part of notify's settings table: provider accounts and the sandbox mailbox. */
export const directorySettings = {
  smtpUrl: {
    env: 'NOTIFY_SMTP_URL',
    type: 'secret',
    optional: true,
    doc: 'The SMTP server for the default project\'s live mail: `smtp://user:password@host:587` (STARTTLS required), `smtps://…:465` (TLS), or `smtp://…?security=none` on a trusted network. It appears as the account "Default SMTP", on after each start; without the setting it is switched off.',
  },
  smtpFrom: {
    env: 'NOTIFY_SMTP_FROM',
    type: 'string',
    optional: true,
    max: 320,
    doc: 'The sender of that mail, for example `Acme <hello@acme.example>`. Required with NOTIFY_SMTP_URL.',
  },
  providerConnectTimeoutMs: {
    env: 'NOTIFY_PROVIDER_CONNECT_TIMEOUT_MS',
    type: 'duration_ms',
    default: 10_000,
    min: 100,
    doc: 'How long a connection to a provider may take until it is ready: name lookup, TLS, sign-in.',
  },
  httpAllowPrivate: {
    env: 'NOTIFY_HTTP_ALLOW_PRIVATE',
    type: 'boolean',
    default: false,
    doc: 'Lets HTTP provider accounts call loopback, private and link-local addresses, and use http:// URLs. Switch it on where endpoints live in your own network and everybody with `notify:write` may reach that.',
  },
  mailboxPort: {
    env: 'NOTIFY_MAILBOX_PORT',
    type: 'integer',
    default: 0,
    min: 0,
    max: 65_535,
    doc: 'Also take mail for the sandbox mailbox from other programs, by SMTP on 127.0.0.1 at this port: any user name, an API key as the password. 0: no.',
  },
  mailboxKeep: {
    env: 'NOTIFY_MAILBOX_KEEP',
    type: 'integer',
    default: 1000,
    min: 1,
    max: 100_000,
    doc: 'Mails that the sandbox mailbox of a project keeps, and other messages that its sandbox phone keeps: the newest of each.',
  },
} as const

export type DirectorySettings = SettingsOf<SettingsTable<'notify', typeof directorySettings>>
