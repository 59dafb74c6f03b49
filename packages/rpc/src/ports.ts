import type { Tx } from '@mainstay/kernel'
import type { Rule } from '@mainstay/proto/access/v1/rule'
import type { CallContext, Caller } from './call.ts'

/** What the pipeline asks of the rest of the program. `apps/server` hands these in. */
export interface Ports {
  /**
   * Says who calls, from the request's headers. Answers `nobody` when there is no credential, and throws
   * `unauthenticated` when there is a wrong one. A plain return value is cheaper than a promise: answer from a
   * cache without `async` where that is possible. Not asked for public methods.
   */
  authenticate(ctx: CallContext): Caller | Promise<Caller>
  /**
   * Says again who calls, while a stream of theirs is open: throws what `authenticate` would, but is no use of the
   * credential that keeps it from expiring. About once a second for an API key, every five seconds for others. Without
   * it, `authenticate` is asked.
   */
  reauthenticate?(ctx: CallContext): Caller | Promise<Caller>
  /** Throws `permission_denied` or `unauthenticated` when the caller may not call. Not asked for public methods. */
  authorise(caller: Caller, rule: Rule, ctx: CallContext): void | Promise<void>
  /** Throws `resource_exhausted` when the caller calls too often. */
  limit?(caller: Caller, method: string, ctx: CallContext): void | Promise<void>
  /** Needed as soon as one method is idempotent and its capability does not keep the keys itself. */
  idempotency?: IdempotencyPort
}

/** Keeps idempotency keys and first answers. */
export interface IdempotencyPort {
  /**
   * Runs `execute` once per project and key, in one transaction with the record of its answer. A repeated call with
   * the same hash gets the recorded bytes; with another hash it throws `already_exists`. An error of `execute`
   * rolls back, and the key stays unused.
   */
  run(
    ctx: CallContext,
    method: string,
    requestHash: Uint8Array,
    execute: (tx: Tx) => Promise<Uint8Array>,
  ): Promise<{ bytes: Uint8Array; replayed: boolean }>
}
