import { setTimeout as delay } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { databaseErrorOf, isConnectionLoss, sqlState, wrapDatabaseError } from '../db/errors.ts'
import type { Db, DbLog } from '../db/index.ts'
import { MigrationError } from './errors.ts'
import { type Migration, type MigrationSet, readMigrations } from './files.ts'
import {
  type AppliedMigration,
  comparePast,
  createHistoryTable,
  readHistory,
  recordMigration,
} from './history.ts'
import { dropInvalidIndexes } from './indexes.ts'
import { splitStatements } from './tokenize.ts'

export interface MigrateOptions {
  /** Each migration is told at level debug. */
  logger?: DbLog
  /** Called once when there is something to apply, before the first is applied. */
  onPending?: (count: number) => void
  /** How long one migration may wait for a table that others use before it steps aside. Default 2,000. */
  lockTimeoutMs?: number
  /** How often one migration may step aside and try again. Default 15. */
  lockAttempts?: number
  /** How long to wait for another process that is migrating. Default 10 minutes. */
  waitMs?: number
}

export interface MigrationReport {
  /** What this call applied, in order. */
  applied: { capability: string; name: string; durationMs: number }[]
  /** How many were there before. */
  alreadyApplied: number
}

/**
 * Applies what is pending, capability after capability in the order given (lower in the house first).
 *
 * Any number of processes may call this at once: one works, the others wait and find nothing to do. Each file is one
 * transaction together with its row in kernel.migrations, so a kill at any moment leaves it applied or not applied.
 * Needs a direct connection: a pooler in transaction mode would lose the session's lock.
 */
export async function migrate(
  db: Db,
  sets: readonly MigrationSet[],
  options: MigrateOptions = {},
): Promise<MigrationReport> {
  const known = await Promise.all(sets.map(async (set) => ({ set, migrations: await readMigrations(set) })))
  return await withMigrationLock(db, options, async (client) => {
    await refuseOldServer(client)
    await createHistoryTable(client)
    const history = await readHistory(client)
    // Everything is compared before anything is applied: a refusal leaves the database as it was.
    const plan = known.map(({ set, migrations }) => comparePast(set.capability, migrations, history))
    const report: MigrationReport = { applied: [], alreadyApplied: history.length }
    const pending = plan.flatMap((part) => part.pending)
    if (pending.length > 0) options.onPending?.(pending.length)
    for (const migration of pending) {
      const durationMs = await applyWithPatience(client, migration, options)
      report.applied.push({ capability: migration.capability, name: migration.name, durationMs })
      options.logger?.debug(
        { migration: `${migration.capability}/${migration.name}`, durationMs },
        'migrated',
      )
    }
    return report
  })
}

export interface MigrationStatus {
  applied: AppliedMigration[]
  pending: Migration[]
}

/** What has been applied and what is pending. Changes nothing; throws the refusals that `migrate` would. */
export async function migrationStatus(db: Db, sets: readonly MigrationSet[]): Promise<MigrationStatus> {
  const history = await readHistory(db.pool).catch((error: unknown) => {
    throw wrapDatabaseError(error)
  })
  const status: MigrationStatus = { applied: [], pending: [] }
  for (const set of sets) {
    const { applied, pending } = comparePast(set.capability, await readMigrations(set), history)
    status.applied.push(...applied)
    status.pending.push(...pending)
  }
  return status
}

/** "mainstay migrations" as a number that nobody else is likely to lock. */
const LOCK_KEY = '7236280513749811'

/**
 * Polls for the lock instead of waiting inside `pg_advisory_lock`: a waiting SELECT holds a snapshot, and CREATE
 * INDEX CONCURRENTLY in the process that has the lock would wait for that snapshot for ever.
 */
async function withMigrationLock<T>(
  db: Db,
  { waitMs = 600_000, logger }: MigrateOptions,
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  const client = await db.pool.connect().catch((error: unknown) => {
    throw wrapDatabaseError(error)
  })
  try {
    await client.query(`SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0`)
    const deadline = performance.now() + waitMs
    for (let tries = 0; ; tries++) {
      const { rows } = await client.query(`SELECT pg_try_advisory_lock(${LOCK_KEY}) AS held`)
      if (rows[0].held) break
      if (performance.now() > deadline) {
        throw new MigrationError(
          'Another process has been migrating this database for too long. Nothing was changed.',
        )
      }
      if (tries === 0) logger?.info({}, 'another process is migrating this database: waiting for it')
      await delay(100)
    }
    return await work(client)
  } catch (error) {
    throw wrapDatabaseError(error)
  } finally {
    client.release(true) // ends the session, and with it the lock and the settings above
  }
}

const OLDEST_SERVER = 15

async function refuseOldServer(client: ClientBase): Promise<void> {
  const { rows } = await client.query(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
            current_setting('server_encoding') AS encoding`,
  )
  const { version, number, encoding } = rows[0]
  if (number < OLDEST_SERVER * 10_000) {
    throw new MigrationError(
      `This database is PostgreSQL ${version}, and ${OLDEST_SERVER} or newer is needed.`,
    )
  }
  if (encoding !== 'UTF8') {
    throw new MigrationError(
      `This database stores text as ${encoding}, and UTF8 is needed: create it with ENCODING 'UTF8'.`,
    )
  }
}

/** DDL that waits for a lock makes every later query on the table queue behind it: give up early, and come back. */
async function applyWithPatience(
  client: ClientBase,
  migration: Migration,
  { lockTimeoutMs = 2_000, lockAttempts = 15, logger }: MigrateOptions,
): Promise<number> {
  const startedAt = performance.now()
  await client.query(`SET lock_timeout = ${Math.trunc(lockTimeoutMs)}`)
  for (let attempt = 1; ; attempt++) {
    try {
      if (migration.transactional) await applyInTransaction(client, migration, startedAt)
      else await applyStatements(client, migration, startedAt)
      return performance.now() - startedAt
    } catch (error) {
      const state = sqlState(error)
      const busy = state === '55P03' || state === '40P01'
      if (!busy || attempt >= lockAttempts) throw failure(migration, error, busy)
      logger?.warn({ migration: migration.name, attempt }, 'a table is in use: the migration will try again')
      await delay(Math.random() * 200 * attempt)
    }
  }
}

async function applyInTransaction(
  client: ClientBase,
  migration: Migration,
  startedAt: number,
): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(migration.sql)
    await recordMigration(client, migration, performance.now() - startedAt)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}) // the first error is the one to tell
    throw error
  }
}

/** Statement by statement, since several in one message would be one transaction. Each is written to be repeatable. */
async function applyStatements(client: ClientBase, migration: Migration, startedAt: number): Promise<void> {
  await dropInvalidIndexes(client, migration.sql)
  for (const statement of splitStatements(migration.sql)) await client.query(statement.text)
  await recordMigration(client, migration, performance.now() - startedAt)
}

function failure(migration: Migration, cause: unknown, busy: boolean): unknown {
  const found = databaseErrorOf(cause)
  if (found === undefined || isConnectionLoss(cause)) return wrapDatabaseError(cause)
  if (busy) {
    return new MigrationError(
      `${migration.path} could not get its tables: other sessions keep them in use. It was not applied. ` +
        'Try again when the database is quieter, or end the long transactions in pg_stat_activity.',
      { cause },
    )
  }
  const line =
    found.position && migration.transactional ? lineOf(migration.sql, Number(found.position)) : undefined
  return new MigrationError(
    `${migration.path}${line === undefined ? '' : `:${line}`} failed and was not applied: ${found.message}`,
    { cause },
  )
}

function lineOf(sql: string, position: number): number {
  return sql.slice(0, position).split('\n').length
}
