import type { Tx } from '../db/index.ts'
import type { EventMessage, EventToken } from './define.ts'

export interface Delivery {
  /** Aborted when the handler's time is up or this process lost the shard: stop, and throw. */
  readonly signal: AbortSignal
  /**
   * Runs `fn` in a transaction, unless it was committed for this event and group before: the change and the receipt
   * that it was made are one commit. So a redelivery changes nothing.
   *
   * @returns false when it had been done already.
   */
  once(fn: (tx: Tx) => Promise<void>): Promise<boolean>
}

export interface Subscription<P = unknown> {
  /** Who consumes: `search.index`. Each group gets every event once; its processes share the work. Never rename it. */
  group: string
  tokens: readonly EventToken<P>[]
  /**
   * Called at least once per event, in order per key, one at a time per key. A second delivery of the same event is
   * rare but certain to come: use `delivery.once`, or be indifferent to it.
   */
  handler(event: EventMessage<P>, delivery: Delivery): Promise<void> | void
  /** Keys handled at once by one shard. Default 4. */
  concurrency?: number
  /** Into how many parts the group's keys are divided, each worked on by one process. Fixed the first time. Default 1. */
  shards?: number
  /** Where a group that has never been seen starts: at the oldest event kept, or at the next one. Default `oldest`. */
  from?: 'oldest' | 'next'
  /** How long one call of the handler may take. Default 60,000. */
  timeoutMs?: number
  retry?: Partial<RetryPolicy>
}

/** Only the failing event's key waits; the others go on. */
export interface RetryPolicy {
  /** Calls in all before the event becomes a dead letter. Default 10. */
  maxAttempts: number
  /** The first pause. It doubles up to `maxMs`, and each is shortened by up to half, by chance. Default 1,000. */
  baseMs: number
  /** Default 5 minutes. */
  maxMs: number
}

/** A subscription with its defaults filled in. */
export interface Consumer {
  readonly group: string
  readonly tokens: ReadonlyMap<string, EventToken>
  readonly topics: readonly string[]
  readonly handler: (event: EventMessage, delivery: Delivery) => Promise<void> | void
  readonly concurrency: number
  readonly shards: number
  readonly from: 'oldest' | 'next'
  readonly timeoutMs: number
  readonly retry: RetryPolicy
}

export function toConsumer<P>(subscription: Subscription<P>): Consumer {
  const { group, tokens } = subscription
  if (!/^[a-z][a-z0-9_.]*$/.test(group)) throw new TypeError(`"${group}" is no name for a consumer group`)
  if (tokens.length === 0) throw new TypeError(`The group ${group} subscribes to nothing`)
  return {
    group,
    tokens: new Map(tokens.map((token) => [token.name, token as EventToken])),
    topics: tokens.map(({ name }) => name),
    // The tokens above are what makes P true of every event that reaches it.
    handler: subscription.handler as Consumer['handler'],
    concurrency: subscription.concurrency ?? 4,
    shards: subscription.shards ?? 1,
    from: subscription.from ?? 'oldest',
    timeoutMs: subscription.timeoutMs ?? 60_000,
    retry: { maxAttempts: 10, baseMs: 1_000, maxMs: 300_000, ...subscription.retry },
  }
}

/** How long to wait before the next call, after `attempts` failed ones. */
export function retryDelayMs(
  { baseMs, maxMs }: RetryPolicy,
  attempts: number,
  random = Math.random(),
): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(attempts - 1, 30))
  return Math.round(full * (1 - random / 2))
}
