import type { Clock } from '@mainstay/kernel'

/** Spreads messages that wait for an account's rate over the time that it will take. */
export interface Turns {
  /** When a message should be looked at again, in milliseconds since 1970. */
  next(accountId: string, lane: 1 | 2 | 3, notBeforeMs: number, perSecond: number): number
}

/** No message is put off by more than this for its turn: workers come and go, and limits change. */
const FARTHEST_MS = 60_000

/**
 * Ten thousand messages for an account that takes ten a second must not all be looked at every second. Each gets a second of
 * its own to come back in, as far as this worker can tell; one-time codes come back first thing.
 */
export function createTurns(clock: Clock, random: () => number): Turns {
  const ends = new Map<string, number>()
  return {
    next(accountId, lane, notBeforeMs, perSecond) {
      if (lane === 1) return notBeforeMs
      const nowMs = clock.nowMs()
      const turnMs = Math.max(ends.get(accountId) ?? 0, notBeforeMs) + 1000 / perSecond
      if (turnMs - nowMs <= FARTHEST_MS) {
        ends.set(accountId, turnMs)
        return turnMs
      }
      return notBeforeMs + random() * FARTHEST_MS
    },
  }
}
