import type { Mischief } from './peers/mischief.ts'

/** Messages that are counted together, because the same is promised of them. */
export interface Group {
  name: string
  title: string
  /** The project that they are sent in: each has provider accounts of its own. */
  project: 'keyed' | 'texts' | 'mails' | 'two'
  channel: 'email' | 'sms'
  policy: 'AT_MOST_ONCE' | 'AT_LEAST_ONCE'
  /** Of a hundred recipients. */
  share: number
}

/** Each is a promise of docs/guides/exactly-once.md. The keyed ones ask for the policy that would resend. */
export const GROUPS: readonly Group[] = [
  {
    name: 'keyed',
    title: 'keyed email over HTTP',
    project: 'keyed',
    channel: 'email',
    policy: 'AT_LEAST_ONCE',
    share: 30,
  },
  {
    name: 'keylessOnce',
    title: 'keyless SMS, at most once',
    project: 'texts',
    channel: 'sms',
    policy: 'AT_MOST_ONCE',
    share: 15,
  },
  {
    name: 'keylessAgain',
    title: 'keyless SMS, at least once',
    project: 'texts',
    channel: 'sms',
    policy: 'AT_LEAST_ONCE',
    share: 15,
  },
  {
    name: 'smtpOnce',
    title: 'SMTP, at most once',
    project: 'mails',
    channel: 'email',
    policy: 'AT_MOST_ONCE',
    share: 10,
  },
  {
    name: 'smtpAgain',
    title: 'SMTP, at least once',
    project: 'mails',
    channel: 'email',
    policy: 'AT_LEAST_ONCE',
    share: 10,
  },
  {
    name: 'twoOnce',
    title: 'two keyless SMS accounts, at most once',
    project: 'two',
    channel: 'sms',
    policy: 'AT_MOST_ONCE',
    share: 20,
  },
]

/** The group of the recipient with this number. */
export function groupOf(number: number): Group {
  let place = number % 100
  for (const group of GROUPS) {
    place -= group.share
    if (place < 0) return group
  }
  throw new Error('The shares do not make a hundred')
}

/** How often, of one call, each mischief is done. */
export const RATES: Readonly<Record<Exclude<Mischief, 'none'>, number>> = {
  // The provider has the message, and the caller does not hear of it.
  silent: 0.002,
  cut: 0.003,
  reset: 0.003,
  failed_after: 0.003,
  // It has it not, and the caller cannot know.
  cut_before: 0.003,
  // It says so.
  unavailable: 0.01,
  throttled: 0.01,
  refused: 0.0005,
  slow: 0.01,
}

/** Of the messages that a provider took: how many it reports on, by whether the caller heard its answer. */
export const REPORTED = { known: 0.1, lost: 0.5 } as const

/** Of the messages that a provider took: how many a stranger lies about. */
export const FORGED = 0.005

/** What waits are set to, so that the run ends: shorter than in production, and the same code. */
export const SETTINGS: Readonly<Record<string, string>> = {
  NOTIFY_DELIVER_CONCURRENCY: '128',
  NOTIFY_DELIVER_LEASE_MS: '4000',
  NOTIFY_DELIVER_SEND_TIMEOUT_MS: '10000',
  NOTIFY_REPORT_WAIT_MS: '5000',
  NOTIFY_OTP_REPORT_WAIT_MS: '5000',
  NOTIFY_OTP_TTL_MS: '86400000',
  NOTIFY_OTP_RETRY_BASE_MS: '500',
  NOTIFY_OTP_RETRY_CAP_MS: '2000',
  NOTIFY_TRANSACTIONAL_RETRY_BASE_MS: '500',
  NOTIFY_TRANSACTIONAL_RETRY_CAP_MS: '2000',
  NOTIFY_BULK_RETRY_BASE_MS: '500',
  NOTIFY_BULK_RETRY_CAP_MS: '2000',
  NOTIFY_HTTP_ALLOW_PRIVATE: 'true',
}

/** What signs reports; peers know the public address from the calls they get, and call the real one. */
export const PUBLIC_URL = 'https://mainstay.example'
export const RESEND_SECRET = `whsec_${Buffer.from('a secret that the bench made up').toString('base64')}`
export const TWILIO_TOKEN = '0123456789abcdef0123456789abcdef'
