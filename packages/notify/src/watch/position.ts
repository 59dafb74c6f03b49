import { appError } from '@mainstay/kernel'
import { reasons } from '../errors.ts'

/**
 * How far a reader has come: a PostgreSQL snapshot (`xmin:xmax:xip,…`, pg_snapshot). What is visible to it has been
 * seen; what is not is still to come, however late its transaction commits.
 */
export interface Snapshot {
  /** Transactions from here on are unseen. */
  xmax: bigint
  /** Transactions below `xmax` that were under way, ascending: unseen as well. */
  running: readonly bigint[]
}

export interface Position {
  snapshot: Snapshot
  /** When it was true, in milliseconds since 1970, by the database's clock. */
  timeMs: number
}

/** Tokens older than this may need rows that are deleted (partitions.ts keeps them an hour). */
export const TOKEN_TTL_MS = 55 * 60_000

/** Reads what PostgreSQL writes, and undefined for what it would refuse. */
export function parseSnapshot(text: string): Snapshot | undefined {
  const [, xmaxText = '', runningText = ''] = SNAPSHOT.exec(text) ?? []
  if (xmaxText === '') return
  const xmax = BigInt(xmaxText)
  const running = runningText === '' ? [] : runningText.split(',').map(BigInt)
  const inOrder = running.every((xid, index) => xid > (running[index - 1] ?? 0n) && xid < xmax)
  return inOrder && xmax > 0n && xmax < 2n ** 63n ? { xmax, running } : undefined
}

export function formatSnapshot({ xmax, running }: Snapshot): string {
  return `${running[0] ?? xmax}:${xmax}:${running.join(',')}`
}

/** The same, seen only below `xid`: where a reader is that reads in order of transactions and has come to there. */
export function seenBelow({ xmax, running }: Snapshot, xid: bigint): Snapshot {
  return xid >= xmax ? { xmax, running } : { xmax: xid, running: running.filter((other) => other < xid) }
}

/**
 * The position as a `resume_token`. Where very many transactions are under way it would be too long: then it counts
 * everything from the oldest of them on as unseen, so that going on repeats some changes and misses none.
 */
export function toResumeToken({ snapshot, timeMs }: Position): string {
  const token = encode(timeMs, formatSnapshot(snapshot))
  if (token.length <= MAX_TOKEN_LENGTH) return token
  const oldest = snapshot.running[0] ?? snapshot.xmax
  return encode(timeMs, formatSnapshot({ xmax: oldest, running: [] }))
}

/** Throws `notify.resume_token_invalid` for what is no token of ours. Whether it is too old, the reader decides. */
export function readResumeToken(token: string): Position {
  const match = TOKEN.exec(Buffer.from(token, 'base64url').toString('latin1'))
  const snapshot = match?.[2] === undefined ? undefined : parseSnapshot(match[2])
  if (match?.[1] === undefined || snapshot === undefined)
    throw invalidToken('is not one that this stream gave out')
  return { snapshot, timeMs: Number(match[1]) }
}

export function invalidToken(description: string) {
  return appError(
    reasons,
    'notify.resume_token_invalid',
    `The resume token ${description}. List the messages and watch again from now on, without a token.`,
    { violations: [{ field: 'resumeToken', description }] },
  )
}

/** The contract's limit on `resume_token`. */
const MAX_TOKEN_LENGTH = 256
/** xid8 has at most 20 digits. */
const SNAPSHOT = /^\d{1,20}:(\d{1,20}):((?:\d{1,20}(?:,\d{1,20})*)?)$/
const TOKEN = /^(\d{1,15})@([\d:,]+)$/

function encode(timeMs: number, snapshot: string): string {
  return Buffer.from(`${Math.floor(timeMs)}@${snapshot}`, 'latin1').toString('base64url')
}
