import type { EventToken, Tx } from '@mainstay/kernel'

/** Publishes a fact in the transaction that makes it one. */
export type Publish = <P>(tx: Tx, token: EventToken<P>, payload: P) => Promise<void>
