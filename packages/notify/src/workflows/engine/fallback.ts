import { MessageState } from '@mainstay/proto/notify/v1'
import type { Try } from '../definition/definition.ts'
import type { Fate } from './fate-store.ts'

/** What a fallback does next. */
export type Verdict =
  | { kind: 'reached'; by: number; why: string }
  | { kind: 'next'; why: string }
  | { kind: 'wait' }

const { SENT, DELIVERED, BOUNCED, COMPLAINED, SUPPRESSED, SKIPPED, EXPIRED, CANCELLED, FAILED, UNKNOWN } =
  MessageState

/** Ends without having reached anybody; BOUNCED also after it was delivered, as some servers report it. */
const LOST: ReadonlyMap<MessageState, string> = new Map([
  [BOUNCED, 'bounced'],
  [SUPPRESSED, 'the address is suppressed'],
  [SKIPPED, "the recipient's preferences say so"],
  [EXPIRED, 'expired'],
  [CANCELLED, 'cancelled'],
  [FAILED, 'failed'],
])

/**
 * What follows from what became of the messages of a fallback so far.
 *
 * A message of any channel that was tried counts, not just the last one's: a push that is seen while the text message is on its
 * way ends it. Of a message whose outcome is unknown the channel's rule says what it means; by default it may have arrived, so
 * that the next channel has to wait for the deadline.
 *
 * @param fates by try: those of its messages that are known.
 */
export function judge(
  tries: readonly Try[],
  fates: readonly (readonly Fate[])[],
  { current, deadlineMs, nowMs }: { current: number; deadlineMs: number; nowMs: number },
): Verdict {
  for (const [index, one] of tries.slice(0, current + 1).entries()) {
    const why = fates[index]?.map((fate) => reachedBy(one, fate)).find((found) => found !== undefined)
    if (why !== undefined) return { kind: 'reached', by: index, why }
  }
  const now = tries[current]
  const own = fates[current] ?? []
  if (own.length === 0) return { kind: 'next', why: 'it could not be made' }
  const lost = own.map((fate) => lostBy(now, fate))
  if (!lost.includes(undefined)) return { kind: 'next', why: lost[0] ?? '' }
  if (nowMs < deadlineMs) return { kind: 'wait' }
  return { kind: 'next', why: `not ${now?.until ?? 'delivered'} in time` }
}

function reachedBy({ until, unknown }: Try, { state, seenTime }: Fate): string | undefined {
  if (seenTime !== null) return 'seen'
  if (state === UNKNOWN && unknown === 'stop') return 'it may have arrived'
  if (until === 'seen') return undefined
  // Whoever complains has got it.
  if (state === DELIVERED || state === COMPLAINED) return 'delivered'
  return until === 'sent' && state === SENT ? 'sent' : undefined
}

function lostBy(one: Try | undefined, { state }: Fate): string | undefined {
  if (state === UNKNOWN && one?.unknown === 'next') return 'its outcome is unknown'
  return LOST.get(state)
}
