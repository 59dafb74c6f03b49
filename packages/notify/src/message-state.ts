import { MessageState } from '@mainstay/proto/notify/v1'

const {
  ACCEPTED,
  SENT,
  DELIVERED,
  BOUNCED,
  COMPLAINED,
  SUPPRESSED,
  SKIPPED,
  EXPIRED,
  CANCELLED,
  FAILED,
  UNKNOWN,
} = MessageState

/**
 * Which stored state may follow which. A message only moves forward; the ends have no way out but those that bring
 * later news: a provider's report on what it took (which may say that it got through after all), and the truth about an unknown outcome (UNKNOWN to ACCEPTED is a
 * decision to send again). SCHEDULED, QUEUED and SENDING are read from the queue and never stored.
 */
const NEXT: ReadonlyMap<MessageState, readonly MessageState[]> = new Map([
  [
    ACCEPTED,
    [SENT, DELIVERED, BOUNCED, COMPLAINED, SUPPRESSED, SKIPPED, EXPIRED, CANCELLED, FAILED, UNKNOWN],
  ],
  [UNKNOWN, [ACCEPTED, SENT, FAILED, DELIVERED, BOUNCED, COMPLAINED]],
  [SENT, [FAILED, DELIVERED, BOUNCED, COMPLAINED]],
  [FAILED, [DELIVERED, BOUNCED, COMPLAINED]],
  [DELIVERED, [BOUNCED, COMPLAINED]],
  [BOUNCED, [COMPLAINED]],
])

/** True when a message stored as `from` may become `to`. */
export function mayFollow(from: MessageState, to: MessageState): boolean {
  return NEXT.get(from)?.includes(to) ?? false
}
