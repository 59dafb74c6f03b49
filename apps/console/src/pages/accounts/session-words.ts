import type { AccountSession } from '@mainstay/proto/identity/v1/accounts'
import { toMs } from '../../format/time.ts'

/** Whether the session still signs anybody in. */
export function isOpen({ endTime, expireTime }: AccountSession, nowMs: number): boolean {
  const expires = toMs(expireTime)
  return endTime === undefined && (expires === undefined || expires > nowMs)
}

const ends: Record<string, string> = {
  signed_out: 'Signed out',
  ended: 'Ended',
  banned: 'Ended by a ban',
  deleted: 'Ended by deletion',
  refresh_token_reused: 'Ended: a token was used twice',
}

/** Why a session that is not open is not. */
export function endWord({ endTime, endReason }: AccountSession): string {
  return endTime === undefined ? 'Expired' : (ends[endReason] ?? 'Ended')
}

const systems: [pattern: RegExp, name: string, isPhone: boolean][] = [
  [/iPhone/, 'iPhone', true],
  [/iPad/, 'iPad', true],
  [/Android|Pixel|Galaxy/, 'Android', true],
  [/Windows/, 'Windows', false],
  [/Mac OS X|Macintosh/, 'Mac', false],
  [/CrOS/, 'ChromeOS', false],
  [/Linux/, 'Linux', false],
]

const browsers: [pattern: RegExp, name: string][] = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
]

/** What a person would call the device: the name its app gave, else what its user agent says. */
export function deviceOf({ device, userAgent }: Pick<AccountSession, 'device' | 'userAgent'>): {
  name: string
  isPhone: boolean
} {
  const system = systems.find(([pattern]) => pattern.test(`${device} ${userAgent}`))
  const browser = browsers.find(([pattern]) => pattern.test(userAgent))?.[1]
  const said = browser && system ? `${browser} on ${system[1]}` : system?.[1]
  const program = /^[\w.-]+/.exec(userAgent)?.[0]
  return { name: device || said || program || 'Unknown device', isPhone: system?.[2] ?? false }
}

const methods: Record<string, string> = {
  otp: 'code',
  sms: 'SMS',
  email: 'email',
  pwd: 'password',
  hwk: 'passkey',
  swk: 'passkey',
  mfa: 'two factors',
  anon: 'nothing',
  imp: 'an operator',
}

/** RFC 8176 in words: `code, SMS`. */
export function methodWords(amr: readonly string[]): string {
  return amr.map((method) => methods[method] ?? method).join(', ') || 'unknown means'
}
