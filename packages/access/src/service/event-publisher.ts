import type { EventToken, Tx } from '@mainstay/kernel'

/** The part of the kernel's events that a capability publishes with: a fact is written in the transaction that makes it one. */
export interface EventPublisher {
  publish<P>(tx: Tx, token: EventToken<P>, payload: P): Promise<void>
}
