import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError } from '../errors.ts'
import { createMetrics } from '../telemetry/index.ts'
import { useTestDatabase, waitFor } from '../testing/index.ts'
import {
  createDb,
  isCheckViolation,
  isForeignKeyViolation,
  isUniqueViolation,
  registerDbMetrics,
  sqlState,
} from './index.ts'

const database = useTestDatabase({ db: { poolSize: 4, applicationName: 'db-test' } })
const one = async (text: string, values?: unknown[]): Promise<Record<string, unknown>> => {
  const { rows } = await database.db.query<Record<string, unknown>>(values ? { text, values } : { text })
  return rows[0] ?? {}
}

describe('values', () => {
  test('64-bit integers are bigint, also in arrays and counts', async () => {
    const row = await one(
      `SELECT 9007199254740993 AS big, ARRAY[1, NULL, 9007199254740993] AS list, count(*), 7::int4 AS small`,
    )
    assert.deepEqual(row, {
      big: 9007199254740993n,
      list: [1n, null, 9007199254740993n],
      count: 1n,
      small: 7,
    })
  })

  test('moments are Dates, calendar dates and zoneless times are text', async () => {
    const row = await one(`SELECT '2026-03-29T02:30:00.123Z'::timestamptz AS at, '2026-03-29'::date AS day,
      '2026-03-29 02:30:00'::timestamp AS local, ARRAY['2026-03-29'::date] AS days`)
    assert.deepEqual(row, {
      at: new Date('2026-03-29T02:30:00.123Z'),
      day: '2026-03-29',
      local: '2026-03-29 02:30:00',
      days: ['2026-03-29'],
    })
  })

  test('what goes in comes out: bytes, json, big integers, moments, text of any kind', async () => {
    const at = new Date('1969-12-31T23:59:59.999Z')
    const bytes = Buffer.from([0, 255, 10])
    const row = await one(
      `SELECT $1::bytea AS bytes, $2::jsonb AS json, $3::int8 AS big, $4::timestamptz AS at, $5::text AS text`,
      [bytes, { a: [1, null, 'ü'] }, 2n ** 62n, at, "'; DROP TABLE x -- 🐘"],
    )
    assert.deepEqual(row, {
      bytes,
      json: { a: [1, null, 'ü'] },
      big: 2n ** 62n,
      at,
      text: "'; DROP TABLE x -- 🐘",
    })
  })
})

describe('connections', () => {
  test('carry their time limits and their name from the first statement on', async () => {
    const db = database.openDb({
      statementTimeoutMs: 1234,
      lockTimeoutMs: 567,
      idleInTransactionTimeoutMs: 8901,
    })
    const { rows } = await db.query({
      text: `SELECT current_setting('statement_timeout') AS a, current_setting('lock_timeout') AS b,
        current_setting('idle_in_transaction_session_timeout') AS c, current_setting('application_name') AS d`,
    })
    assert.deepEqual(rows, [{ a: '1234ms', b: '567ms', c: '8901ms', d: 'db-test' }])
  })

  test('prepare a named statement once and keep it', async () => {
    const db = database.openDb({ poolSize: 1 })
    for (const value of [1, 2, 3])
      await db.query({ name: 'test.twice', text: 'SELECT $1::int * 2', values: [value] })
    const { rows } = await db.query({
      text: `SELECT name, (generic_plans + custom_plans)::int AS runs FROM pg_prepared_statements`,
    })
    assert.deepEqual(rows, [{ name: 'test.twice', runs: 3 }])
  })

  test('that are lost while idle are replaced, and the process lives on', async () => {
    const db = database.openDb({ poolSize: 2 })
    const { rows } = await db.query<{ pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' })
    await database.db.query({ text: 'SELECT pg_terminate_backend($1)', values: [rows[0]?.pid] })
    await waitFor(() => db.stats().open === 0, { what: 'the pool to notice' })
    assert.equal((await db.query({ text: 'SELECT 1' })).rowCount, 1)
  })

  test('are counted', async () => {
    const db = database.openDb({ poolSize: 3 })
    await db.query({ text: 'SELECT 1' })
    await assert.rejects(db.query({ text: 'SELECT nonsense' }))
    await db.transaction((tx) => tx.query({ text: 'SELECT 1' }))
    assert.deepEqual(db.stats(), {
      open: 1,
      idle: 1,
      waiting: 0,
      max: 3,
      statements: 3,
      transactions: 1,
      retries: 0,
      failures: 1,
    })
  })

  test('show on /metrics', async () => {
    const db = database.openDb({ poolSize: 3 })
    const metrics = createMetrics()
    registerDbMetrics(metrics, db)
    for (let times = 0; times < 2; times++) {
      await db.query({ text: 'SELECT 1' })
      metrics.render()
    }
    const text = metrics.render()
    assert.match(text, /^mainstay_db_statements_total\{pool="main"\} 2$/m)
    assert.match(text, /^mainstay_db_connections\{pool="main",state="idle"\} 1$/m)
    assert.match(text, /^mainstay_db_connections_max\{pool="main"\} 3$/m)
  })

  test('close once, however often they are told to', async () => {
    const db = database.openDb()
    await db.query({ text: 'SELECT 1' })
    await Promise.all([db.close(), db.close()])
    await assert.rejects(db.query({ text: 'SELECT 1' }), { reason: 'kernel.database_unavailable' })
  })
})

describe('failures', () => {
  const fails = async (work: Promise<unknown>, reason: string, code: string): Promise<AppError> => {
    const error = await work.then(
      () => assert.fail(`${reason} was expected`),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof AppError, String(error))
    assert.deepEqual([error.reason, error.code], [reason, code])
    assert.doesNotMatch(error.message, /relation|constraint|SELECT|5432|ECONN|secret/)
    return error
  }

  test('of constraints keep the row to themselves, and tell the program which constraint it was', async () => {
    await database.db.query({
      text: `CREATE TABLE parents (id int PRIMARY KEY);
             CREATE TABLE children (id int REFERENCES parents, name text CONSTRAINT short CHECK (length(name) < 9));
             INSERT INTO parents VALUES (1)`,
    })
    const insert = (text: string) => fails(database.db.query({ text }), 'kernel.database_error', 'internal')
    const unique = await insert('INSERT INTO parents VALUES (1)')
    assert.ok(isUniqueViolation(unique) && isUniqueViolation(unique, 'parents_pkey'))
    assert.ok(!isUniqueViolation(unique, 'other') && !isForeignKeyViolation(unique))
    assert.ok(isForeignKeyViolation(await insert(`INSERT INTO children VALUES (2, 'secret')`)))
    assert.ok(isCheckViolation(await insert(`INSERT INTO children VALUES (1, 'secret name')`), 'short'))
    assert.equal(sqlState(await insert('SELECT * FROM nowhere')), '42P01')
  })

  test('to finish in time are told as such', async () => {
    const db = database.openDb({ statementTimeoutMs: 50 })
    await fails(db.query({ text: 'SELECT pg_sleep(10)' }), 'kernel.database_timeout', 'deadline_exceeded')
  })

  test('to get a lock in time are told as such', async () => {
    const db = database.openDb({ lockTimeoutMs: 50 })
    await db.query({ text: 'CREATE TABLE held ()' })
    await db.transaction(async (tx) => {
      await tx.query({ text: 'LOCK TABLE held' })
      await fails(db.query({ text: 'SELECT * FROM held' }), 'kernel.database_timeout', 'deadline_exceeded')
    })
  })

  test('to get a connection in time are told as such, with a time to come back', async () => {
    const db = database.openDb({ poolSize: 1, connectTimeoutMs: 1000 })
    await db.transaction(async () => {
      const error = await fails(db.query({ text: 'SELECT 1' }), 'kernel.database_busy', 'unavailable')
      assert.equal(error.retryAfterMs, 1000)
      await fails(
        db.transaction(async () => {}),
        'kernel.database_busy',
        'unavailable',
      )
    })
  })

  test('to reach the database are told as such', async () => {
    for (const connectionString of [
      'postgresql://user:secret@127.0.0.1:1/none',
      'postgresql://user:secret@/none?host=/nowhere',
      database.connectionString.replace(/:[^:@/]+@/, ':secret@'),
      database.connectionString.replace(/\/test_[^?]*/, '/missing'),
    ]) {
      const db = createDb({ connectionString })
      await fails(db.query({ text: 'SELECT 1' }), 'kernel.database_unavailable', 'unavailable')
      await fails(
        db.transaction(async () => {}),
        'kernel.database_unavailable',
        'unavailable',
      )
      await db.close()
    }
  })

  test('of the server as a whole have reasons of their own', async () => {
    const raise = (state: string) =>
      database.db.query({ text: `DO $$ BEGIN RAISE 'secret' USING ERRCODE = '${state}'; END $$` })
    await fails(raise('53100'), 'kernel.database_full', 'resource_exhausted')
    await fails(raise('53300'), 'kernel.database_busy', 'unavailable')
    await fails(raise('40001'), 'kernel.conflict', 'aborted')
    await fails(raise('57P01'), 'kernel.database_unavailable', 'unavailable')
    const write = database.db.transaction((tx) => tx.query({ text: 'CREATE TABLE t ()' }), { readOnly: true })
    await fails(write, 'kernel.database_read_only', 'unavailable')
  })
})

describe('the query builder', () => {
  interface Tables {
    items: { id: bigint; name: string }
  }

  test('builds typed statements on the pool and inside transactions', async () => {
    await database.db.query({ text: 'CREATE TABLE items (id int8 PRIMARY KEY, name text NOT NULL)' })
    await database.db.transaction(async (tx) => {
      await tx.kysely<Tables>().insertInto('items').values({ id: 1n, name: 'inside' }).execute()
      const outside = await database.db.kysely<Tables>().selectFrom('items').selectAll().execute()
      assert.deepEqual(outside, [])
    })
    const rows = await database.db
      .kysely<Tables>()
      .selectFrom('items')
      .selectAll()
      .where('name', 'like', 'in%')
      .execute()
    assert.deepEqual(rows, [{ id: 1n, name: 'inside' }])
  })

  test('wraps its failures like everything else', async () => {
    const insert = database.db
      .kysely<Tables>()
      .insertInto('items')
      .values({ id: 1n, name: 'again' })
      .execute()
    await assert.rejects(insert, (error) => error instanceof AppError && isUniqueViolation(error))
  })

  test('opens no transactions, since nothing would retry them', async () => {
    const open = database.db.kysely<Tables>().transaction()
    await assert.rejects(
      open.execute(async () => {}),
      /Open transactions with db\.transaction/,
    )
    assert.equal(database.db.stats().idle, database.db.stats().open)
  })
})
