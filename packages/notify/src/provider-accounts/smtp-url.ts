import { hasControlCharacters, parseMailbox } from '../providers/mailboxes.ts'
import type { AccountDraft } from './account-config.ts'
import type { DirectorySettings } from './settings.ts'

/** The account that NOTIFY_SMTP_URL and NOTIFY_SMTP_FROM describe; undefined when they are not set. Throws what is wrong. */
export function readSmtpSettings({ smtpUrl, smtpFrom }: DirectorySettings): AccountDraft | undefined {
  if (smtpUrl === undefined) return undefined
  if (smtpFrom === undefined) throw new Error('NOTIFY_SMTP_FROM: is required with NOTIFY_SMTP_URL')
  if (parseMailbox(smtpFrom) === undefined) {
    throw new Error('NOTIFY_SMTP_FROM: expected one address, such as `Acme <hello@acme.example>`')
  }
  const parsed = parseSmtpUrl(smtpUrl)
  if (parsed === undefined) {
    throw new Error(
      'NOTIFY_SMTP_URL: expected smtp://user:password@host:587, smtps://user:password@host:465, or smtp://host:25?security=none (value not shown)',
    )
  }
  const { secret, ...config } = parsed
  return {
    displayName: 'Default SMTP',
    sender: smtpFrom,
    enabled: true,
    test: false,
    priority: 100,
    config: { kind: 'smtp', maxConnections: 0, ...config },
    secret,
  }
}

interface ParsedUrl {
  host: string
  port: number
  security: 'starttls' | 'tls' | 'none'
  username: string
  secret: string
}

export function parseSmtpUrl(text: string): ParsedUrl | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const isTls = url.protocol === 'smtps:'
  if (!isTls && url.protocol !== 'smtp:') return undefined
  const security = readSecurity(url.searchParams.get('security'), isTls)
  if (security === undefined) return undefined
  const username = decode(url.username)
  const secret = decode(url.password)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (host === '' || username === undefined || secret === undefined) return undefined
  if ((username === '') !== (secret === '') || hasControlCharacters(username + secret)) return undefined
  const port = url.port === '' ? (isTls ? 465 : 587) : Number(url.port)
  return { host, port, security, username, secret }
}

function readSecurity(asked: string | null, isTls: boolean): ParsedUrl['security'] | undefined {
  if (isTls) return asked === null || asked === 'tls' ? 'tls' : undefined
  if (asked === 'none') return 'none'
  return asked === null || asked === 'starttls' ? 'starttls' : undefined
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // a stray % in the password: the caller says how it is written
  }
}
