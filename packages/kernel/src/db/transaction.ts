import { setTimeout as delay } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type pg from 'pg'
import { appError, reasons } from '../errors.ts'
import { isConnectionLoss, isRetryable, wrapDatabaseError } from './errors.ts'
import { createKysely } from './kysely.ts'
import { type DbLog, type Executor, type Query, type QueryResult, toDriverQuery } from './query.ts'
import type { DbCounters } from './stats.ts'

/** One open transaction. It is of no use after the function it was given to has returned. */
export interface Tx extends Executor {
  /** Undoes everything `fn` did when it throws, and keeps the transaction alive to go on. */
  savepoint<T>(fn: () => Promise<T>): Promise<T>
  /**
   * Calls `fn` once the commit has succeeded, in the order given; never when it has not. What it throws is logged
   * only, since the change itself stands. It is not awaited.
   */
  afterCommit(fn: () => void | Promise<void>): void
}

export interface TransactionOptions {
  /** Default `read committed`. */
  isolation?: 'read committed' | 'repeatable read' | 'serializable'
  readOnly?: boolean
  /**
   * Server settings for this transaction alone, sent along with BEGIN: `{ enable_seqscan: 'off' }`. The program's own
   * words only: they are not escaped.
   */
  settings?: Readonly<Record<string, string>>
  /** Attempts in all when the database reports a serialization failure or a deadlock. Default 5. */
  maxAttempts?: number
}

interface Context {
  pool: pg.Pool
  counters: DbCounters
  logger: DbLog | undefined
}

export async function runTransaction<T>(
  context: Context,
  fn: (tx: Tx) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const maxAttempts = options.maxAttempts ?? 5
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptTransaction(context, fn, options)
    } catch (error) {
      if (attempt >= maxAttempts || !isRetryable(error)) {
        context.counters.failures++
        throw error
      }
      context.counters.retries++
      context.logger?.debug({ err: error, attempt }, 'a transaction is tried again')
      // Full jitter over a doubling window: 10, 20, 40, 80 ms at most. The losers of one collision spread out.
      await delay(Math.random() * 10 * 2 ** (attempt - 1))
    }
  }
}

async function attemptTransaction<T>(
  context: Context,
  fn: (tx: Tx) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const { pool, counters, logger } = context
  const client = await pool.connect().catch((error: unknown) => {
    throw wrapDatabaseError(error)
  })
  let broken = false
  try {
    await run(client, { text: beginStatement(options) })
    const { tx, callbacks, end } = bind(client, counters)
    let result: T
    try {
      result = await fn(tx)
    } finally {
      end()
    }
    await commit(client)
    counters.transactions++
    runCallbacks(callbacks, logger)
    return result
  } catch (error) {
    broken = !(await rollback(client))
    throw error
  } finally {
    // `true` throws the connection away: one in an unknown state must never serve somebody else.
    client.release(broken)
  }
}

function beginStatement({ isolation, readOnly, settings = {} }: TransactionOptions): string {
  let text = 'BEGIN'
  if (isolation !== undefined) text += ` ISOLATION LEVEL ${isolation}`
  if (readOnly) text += ' READ ONLY'
  for (const [name, value] of Object.entries(settings)) text += `; SET LOCAL ${name} = ${value}`
  return text
}

function bind(client: pg.PoolClient, counters: DbCounters) {
  const callbacks: (() => void | Promise<void>)[] = []
  let ended = false
  let depth = 0
  // biome-ignore lint/suspicious/noExplicitAny: see Executor.kysely
  let kysely: Kysely<any> | undefined
  const assertOpen = (): void => {
    if (ended) throw new TypeError('This transaction has ended: something was not awaited inside it')
  }
  const tx: Tx = {
    query<R>(query: Query) {
      assertOpen()
      counters.statements++
      return run<R>(client, query)
    },
    kysely: () =>
      (kysely ??= createKysely(async () => {
        assertOpen()
        return { query: client.query.bind(client), release: () => {} }
      })),
    async savepoint(fn) {
      assertOpen()
      const name = `s${++depth}`
      const kept = callbacks.length
      await run(client, { text: `SAVEPOINT ${name}` })
      try {
        const result = await fn()
        await run(client, { text: `RELEASE SAVEPOINT ${name}` })
        return result
      } catch (error) {
        callbacks.length = kept
        if (!isConnectionLoss(error)) await run(client, { text: `ROLLBACK TO SAVEPOINT ${name}` })
        throw error
      } finally {
        depth--
      }
    },
    afterCommit(fn) {
      assertOpen()
      callbacks.push(fn)
    },
  }
  return { tx, callbacks, end: () => (ended = true) }
}

/**
 * A commit whose answer never came may or may not have happened: that is its own reason, so that callers repeat it
 * under the same idempotency key instead of guessing. A COMMIT answered by ROLLBACK means an earlier statement
 * failed and the caller swallowed it; nothing was saved, and saying otherwise would be a lie.
 */
async function commit(client: pg.PoolClient): Promise<void> {
  let result: pg.QueryResult
  try {
    result = await client.query('COMMIT')
  } catch (error) {
    if (!isConnectionLoss(error)) throw wrapDatabaseError(error)
    throw appError(
      reasons,
      'kernel.commit_unknown',
      'The connection to the database was lost while saving: the change may or may not have been saved. ' +
        'Repeat the request with the same idempotency key.',
      { cause: error, retryAfterMs: 1000 },
    )
  }
  if (result.command === 'ROLLBACK') {
    throw new TypeError(
      'A statement of this transaction failed and its error was swallowed: nothing was saved',
    )
  }
}

/** True when the connection is clean again. */
async function rollback(client: pg.PoolClient): Promise<boolean> {
  if (client.getTransactionStatus() === 'I') return true
  try {
    await client.query('ROLLBACK')
    return true
  } catch {
    return false // the connection is gone; the server rolls back by itself, and the first error is the one to tell
  }
}

function runCallbacks(callbacks: readonly (() => void | Promise<void>)[], logger: DbLog | undefined): void {
  const report = (err: unknown): void => logger?.error({ err }, 'an afterCommit callback failed')
  for (const callback of callbacks) {
    try {
      callback()?.catch(report)
    } catch (error) {
      report(error)
    }
  }
}

async function run<R>(client: pg.PoolClient, query: Query): Promise<QueryResult<R>> {
  try {
    const { rows, rowCount } = await client.query(toDriverQuery(query))
    return { rows, rowCount: rowCount ?? 0 }
  } catch (error) {
    throw wrapDatabaseError(error)
  }
}
