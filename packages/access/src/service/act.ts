import type { Db, Tx } from '@mainstay/kernel'

/** Who does something, for the audit, and the transaction that it is part of when there is one already. */
export interface Act {
  /** `opr_…`, `key_…`, or `system`. */
  actor: string
  /** `req_…`; empty when no request did it. */
  requestId: string
  tx?: Tx | undefined
}

/** What the program does by itself, at start or from the command line. */
export const BY_SYSTEM: Act = Object.freeze({ actor: 'system', requestId: '' })

/** Runs `fn` in the act's transaction, or in one of its own. */
export async function within<T>(db: Db, act: Act, fn: (tx: Tx) => Promise<T>): Promise<T> {
  return act.tx === undefined ? await db.transaction(fn) : await fn(act.tx)
}
