import type { Kysely } from 'kysely'
import pg from 'pg'
import { wrapDatabaseError } from './errors.ts'
import { createKysely } from './kysely.ts'
import { typeParsers } from './parsers.ts'
import { type DbLog, type Executor, type Query, type QueryResult, toDriverQuery } from './query.ts'
import { createCounters, type DbStats } from './stats.ts'
import { runTransaction, type TransactionOptions, type Tx } from './transaction.ts'

export interface Db extends Executor {
  readonly pool: pg.Pool
  /**
   * Runs `fn` in one transaction and commits when it returns. Serialization failures and deadlocks, and nothing
   * else, run it again from the start, so `fn` must touch the outside world only through `tx.afterCommit`.
   */
  transaction<T>(fn: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>
  stats(): DbStats
  /** Waits for statements under way, then closes every connection. Safe to call twice. */
  close(): Promise<void>
}

export interface DbOptions {
  /** `postgresql://…`; or give the driver's own options in `connection`. */
  connectionString?: string
  connection?: pg.ClientConfig
  /** Most connections open at once. Default 10. */
  poolSize?: number
  /** The server stops a statement after this long. Default 30,000; 0 switches it off. */
  statementTimeoutMs?: number
  /** The server gives up waiting for a lock after this long. Default 10,000; 0 switches it off. */
  lockTimeoutMs?: number
  /** The server ends a session that holds a transaction open without using it. Default 60,000; 0 switches it off. */
  idleInTransactionTimeoutMs?: number
  /** How long a caller waits for a free connection before `kernel.database_busy`. Default 10,000. */
  connectTimeoutMs?: number
  /** Shown in pg_stat_activity. Default `mainstay`. */
  applicationName?: string
  logger?: DbLog
}

/** Opens a pool. No connection is made before the first statement. */
export function createDb(options: DbOptions): Db {
  const { logger } = options
  const pool = new pg.Pool(poolConfig(options))
  const counters = createCounters(pool)
  // Without a listener a connection lost while idle, or between two statements of a transaction, ends the process.
  // While the pool closes, the server may be quicker than our own good-bye: that is no loss.
  pool.on('error', (error) => {
    logger?.[pool.ending ? 'debug' : 'warn']({ err: error }, 'an idle database connection was lost')
  })
  pool.on('connect', (client) => {
    client.on('error', (error) => logger?.debug({ err: error }, 'a database connection was lost'))
  })

  async function query<R>(statement: Query): Promise<QueryResult<R>> {
    counters.statements++
    try {
      const { rows, rowCount } = await pool.query(toDriverQuery(statement))
      return { rows, rowCount: rowCount ?? 0 }
    } catch (error) {
      counters.failures++
      throw wrapDatabaseError(error)
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: see Executor.kysely
  let kysely: Kysely<any> | undefined
  let closing: Promise<void> | undefined
  return {
    pool,
    query,
    kysely: () => (kysely ??= createKysely(() => pool.connect())),
    transaction: (fn, transactionOptions) =>
      runTransaction({ pool, counters, logger }, fn, transactionOptions ?? {}),
    stats: () => counters.read(),
    close: () => (closing ??= pool.end()),
  }
}

function poolConfig(options: DbOptions): pg.PoolConfig {
  const { connection, connectionString } = options
  if (connection === undefined && connectionString === undefined) {
    throw new TypeError('createDb needs a connectionString or a connection')
  }
  return {
    ...connection,
    ...(connectionString === undefined ? {} : { connectionString }),
    max: options.poolSize ?? 10,
    application_name: options.applicationName ?? 'mainstay',
    // Sent in the startup packet: no round trip, and no connection ever lacks them.
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    lock_timeout: options.lockTimeoutMs ?? 10_000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 60_000,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types: typeParsers,
  }
}
