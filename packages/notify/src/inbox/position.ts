import { appError } from '@mainstay/kernel'
import { reasons } from '../errors.ts'

/** How far a reader of an inbox has come. */
export interface Position {
  /** The number of the last change that it has seen. */
  changeSeq: bigint
  /** When that was, in milliseconds since 1970. */
  timeMs: number
}

/** Tokens older than this may need changes that are deleted (retention.ts keeps them an hour longer). */
export const TOKEN_TTL_MS = 24 * 3_600_000

export function toResumeToken({ changeSeq, timeMs }: Position): string {
  return Buffer.from(`${changeSeq}@${Math.floor(timeMs)}`, 'latin1').toString('base64url')
}

/** Throws `notify.resume_token_invalid` for what is no token of ours, or is too old. */
export function readResumeToken(token: string, nowMs: number): Position {
  const match = TOKEN.exec(Buffer.from(token, 'base64url').toString('latin1'))
  if (match === null) throw invalidToken('is not one that this stream gave out')
  const position = { changeSeq: BigInt(match[1] ?? ''), timeMs: Number(match[2]) }
  if (nowMs - position.timeMs > TOKEN_TTL_MS) throw invalidToken('is older than 24 hours')
  return position
}

export function invalidToken(description: string) {
  return appError(
    reasons,
    'notify.resume_token_invalid',
    `The resume token ${description}. List the items, and watch from the list’s own token on.`,
    { violations: [{ field: 'resumeToken', description }] },
  )
}

const TOKEN = /^(\d{1,18})@(\d{1,15})$/
