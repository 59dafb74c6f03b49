import { hash, timingSafeEqual } from 'node:crypto'
import { appError, type Clock, type Db, type Sealer } from '@mainstay/kernel'
import type { CallContext, Caller, IdempotencyPort } from '@mainstay/rpc'
import type { AccessSettings } from './config.ts'
import { reasons } from './errors.ts'
import {
  type FirstCall,
  findFirstCall,
  type KeySpace,
  takeIdempotencyKey,
  writeResponse,
} from './store/idempotency-keys.ts'

/** The project of rows that belong to none, so that `project_id` can be in every key. */
export const NO_PROJECT = '00000000-0000-0000-0000-000000000000'

/**
 * Where a call's idempotency key is unique: its project, and whether it is test or live. Not its API key: a program that
 * retries after its key was rotated still means the same call.
 */
export function idempotencySpace(ctx: Pick<CallContext, 'projectId' | 'caller'>): Omit<KeySpace, 'key'> {
  return { projectId: ctx.projectId || NO_PROJECT, live: !ctx.caller.testMode }
}

/** Throws `access.idempotency_key_reused` unless a call is the one that first came with its key. */
export function requireSameCall(first: Omit<FirstCall, 'response'>, method: string, requestHash: Uint8Array) {
  if (first.method === method && timingSafeEqual(first.request_hash, requestHash)) return
  throw appError(
    reasons,
    'access.idempotency_key_reused',
    first.method === method
      ? 'This idempotency key came first with another request. Use a new key for each new request, and repeat a request unchanged.'
      : 'This idempotency key came first with another method. Use a new key for each new request.',
  )
}

/**
 * The idempotency port of rpc: the row of the key, the effect and the stored answer are one commit. Same key and same
 * request: the first answer, also for calls that come while the first still runs. A call that failed leaves no row.
 *
 * Answers are sealed with the master key, because the answer to CreateApiKey holds the new key's secret, of which
 * the database keeps nothing but a hash.
 */
export function createIdempotency(deps: {
  db: Db
  sealer: Pick<Sealer, 'seal' | 'open'>
  clock: Clock
  settings: AccessSettings
}): IdempotencyPort {
  const { db, sealer, clock, settings } = deps
  const turns = createTurns()

  return {
    async run(ctx, method, requestHash, execute) {
      const given = ctx.idempotency?.key
      const key = given === undefined ? undefined : ownKey(ctx.caller, given)
      if (key === undefined) throw new TypeError('The idempotency port is for calls with an idempotency key')
      const space: KeySpace = { ...idempotencySpace(ctx), key }
      const rowId = JSON.stringify([space.projectId, space.live, method, key])
      // Those waiting in the database hold a connection each. Waiting here first keeps fifty repetitions of one call
      // from taking every connection that the call itself may still need.
      return await turns.take(rowId, ctx.signal, () =>
        db.transaction(async (tx) => {
          const now = clock.now()
          const expireTime = new Date(now.getTime() + settings.idempotencyTtlMs)
          if (await takeIdempotencyKey(tx, space, { method, requestHash, now, expireTime })) {
            const bytes = await execute(tx)
            await writeResponse(tx, space, sealer.seal(PURPOSE, rowId, bytes))
            return { bytes, replayed: false }
          }
          const first = await findFirstCall(tx, space)
          if (first === undefined) throw new TypeError('A row that this transaction has locked is gone')
          requireSameCall(first, method, requestHash)
          if (first.response === null) throw new TypeError(`${method} keeps its own answers`)
          return { bytes: sealer.open(PURPOSE, rowId, first.response), replayed: true }
        }),
      )
    },
  }
}

/**
 * A recipient's keys are their own: one who guesses a key of the company's must neither learn that it is taken nor take it.
 * No caller of another kind can send such a key, since keys are printable.
 */
function ownKey(caller: Caller, key: string): string {
  return caller.kind === 'recipient' ? `\u0001${hash('sha256', `${caller.id}\u0000${key}`)}` : key
}

const PURPOSE = 'access.idempotency_keys.response'

/** Lets those who ask for the same thing through one after the other, within this process. */
function createTurns() {
  const last = new Map<string, Promise<void>>()
  return {
    async take<T>(id: string, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
      const before = last.get(id) ?? Promise.resolve()
      const { promise: done, resolve: end } = Promise.withResolvers<void>()
      // A turn ends when it and all before it have: one that gives up waiting must not let the next one pass.
      const turn = before.then(() => done)
      last.set(id, turn)
      turn.then(() => {
        if (last.get(id) === turn) last.delete(id)
      })
      try {
        await untilAborted(before, signal)
        return await run()
      } finally {
        end()
      }
    },
  }
}

async function untilAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([wait, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
