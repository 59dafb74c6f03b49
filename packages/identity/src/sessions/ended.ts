import type { Clock, Db } from '@mainstay/kernel'
import { readSessionEnds } from './store.ts'

export interface EndedSessionsOptions {
  db: Db
  clock: Clock
  /** Milliseconds that never step back. Default `performance.now`; tests hand in their own. */
  monotonicMs?: () => number
}

export interface EndedSessions {
  /** True, false, or undefined when it is not known this moment: then `ask`. */
  peek(sessionId: string): boolean | undefined
  ask(sessionId: string): Promise<boolean>
  /** Looks now: something ended somewhere. */
  hint(): void
}

/**
 * Which sessions ended while their access tokens may still be good, as far as this process knows, under a lease.
 *
 * A notification tells of an end within milliseconds, but a notification can be lost. So what is known holds only while it
 * was read within `LEASE_MS`; past `RENEW_MS` a look renews it in the background, past the lease it waits. Both read one
 * index range, which is nearly always empty. A process that cannot reach the database refuses everybody after a second.
 */
export function createEndedSessions({
  db,
  clock,
  monotonicMs = () => performance.now(),
}: EndedSessionsOptions): EndedSessions {
  /** When each ended, in milliseconds. */
  const ended = new Map<string, number>()
  let pruneAt = FIRST_PRUNE
  let confirmedMs = Number.NEGATIVE_INFINITY
  /** Transactions from this one on may not have been seen. */
  let fromTransaction = '0'
  let reading: Promise<void> | undefined
  let readAgain = false

  const read = async (): Promise<void> => {
    const sentMs = monotonicMs()
    const { ends, nextTransaction } = await readSessionEnds(db, fromTransaction)
    for (const { sessionId, endMs } of ends) ended.set(sessionId, endMs)
    fromTransaction = nextTransaction
    confirmedMs = sentMs
    if (ended.size > pruneAt) prune()
  }

  /** Forgets only those whose last access token has expired: however many end at once, none is let in again. */
  const prune = (): void => {
    const before = clock.nowMs() - LONGEST_TOKEN_MS
    for (const [sessionId, endMs] of ended) if (endMs < before) ended.delete(sessionId)
    pruneAt = Math.max(FIRST_PRUNE, ended.size * 2)
  }

  /** One reading at a time; who asks while one is under way gets the next, whose snapshot is not older than the question. */
  const renew = (): Promise<void> => {
    if (reading !== undefined) {
      readAgain = true
      return reading.then(() => (readAgain ? renew() : undefined))
    }
    readAgain = false
    const current = read().finally(() => {
      if (reading === current) reading = undefined
    })
    reading = current
    return current
  }

  return {
    peek(sessionId) {
      const ageMs = monotonicMs() - confirmedMs
      if (ageMs > LEASE_MS) return
      if (ageMs > RENEW_MS && reading === undefined) renew().catch(ignoreUntilLeaseEnds)
      return ended.has(sessionId)
    },
    async ask(sessionId) {
      await renew()
      return ended.has(sessionId)
    },
    hint() {
      renew().catch(ignoreUntilLeaseEnds)
    },
  }
}

/** Well under the second that is promised, so that the statement's own time fits in. */
const LEASE_MS = 800
const RENEW_MS = 350
/** Access tokens last for an hour at the most; clocks may be a little apart. */
const LONGEST_TOKEN_MS = 3_900_000
const FIRST_PRUNE = 10_000

/** A renewal in the background has nobody waiting for it; when it fails, the lease runs out and the next one waits, and fails. */
function ignoreUntilLeaseEnds(): void {}
