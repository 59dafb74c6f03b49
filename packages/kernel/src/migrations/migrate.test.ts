import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Db } from '../db/index.ts'
import { temporaryHome, useTestDatabase, waitFor } from '../testing/index.ts'
import { defineMigrations, MigrationError, type MigrationSet, migrate, migrationStatus } from './index.ts'

const database = useTestDatabase()
const top = temporaryHome()
after(() => rmSync(top, { recursive: true }))

beforeEach(async () => {
  const db = await database.ready()
  await db.query({
    text: 'DROP SCHEMA IF EXISTS kernel CASCADE; DROP SCHEMA IF EXISTS a CASCADE; DROP SCHEMA IF EXISTS b CASCADE',
  })
})

let folders = 0
/** A capability's migrations, from their texts: the first is 0001_m1.sql, and so on. */
function files(capability: string, ...texts: string[]): MigrationSet {
  const folder = join(top, String(++folders), capability)
  mkdirSync(folder, { recursive: true })
  texts.forEach((text, index) => {
    writeFileSync(join(folder, `${String(index + 1).padStart(4, '0')}_m${index + 1}.sql`), text)
  })
  return defineMigrations(capability, pathToFileURL(`${folder}/`))
}

const exists = async (name: string): Promise<boolean> => {
  const { rows } = await database.db.query<{ there: boolean }>({
    text: 'SELECT to_regclass($1) IS NOT NULL AS there',
    values: [name],
  })
  return rows[0]?.there ?? false
}

const MAKE = 'CREATE SCHEMA a; CREATE TABLE a.t (id int)'

describe('migrating', () => {
  test('applies what is pending, in the order of the capabilities and their numbers, once', async () => {
    const sets = [
      files('a', MAKE, 'INSERT INTO a.t VALUES (1)'),
      files('b', 'CREATE SCHEMA b; CREATE TABLE b.t AS SELECT * FROM a.t'),
    ]
    const before = await migrationStatus(database.db, sets)
    assert.deepEqual(
      [before.applied.length, before.pending.map(({ name }) => name)],
      [0, ['0001_m1', '0002_m2', '0001_m1']],
    )
    const report = await migrate(database.db, sets)
    assert.deepEqual(
      report.applied.map(({ capability, name }) => `${capability}/${name}`),
      ['a/0001_m1', 'a/0002_m2', 'b/0001_m1'],
    )
    assert.deepEqual(await migrate(database.db, sets), { applied: [], alreadyApplied: 3 })
    const { rows } = await database.db.query({ text: 'SELECT count(*) FROM b.t' })
    assert.deepEqual(rows, [{ count: 1n }])
    const status = await migrationStatus(database.db, sets)
    assert.deepEqual([status.applied.length, status.pending], [3, []])
    assert.ok(status.applied[0]?.appliedAt instanceof Date)
  })

  test('is done by one of many processes that start at once, while the others wait', async () => {
    const set = files('a', `${MAKE}; SELECT pg_sleep(0.1)`, 'INSERT INTO a.t VALUES (1)')
    const pools = Array.from({ length: 5 }, () => database.openDb({ poolSize: 1 }))
    const reports = await Promise.all(pools.map((db) => migrate(db, [set])))
    assert.deepEqual(reports.map(({ applied }) => applied.length).sort(), [0, 0, 0, 0, 2])
    const { rows } = await database.db.query({ text: 'SELECT count(*) FROM a.t' })
    assert.deepEqual(rows, [{ count: 1n }])
  })

  test('leaves a failed file unapplied as a whole, says where it failed, and keeps those before it', async () => {
    const set = files('a', MAKE, 'INSERT INTO a.t VALUES (1);\n\nINSERT INTO a.missing VALUES (1);')
    await assert.rejects(migrate(database.db, [set]), (error: MigrationError) => {
      assert.ok(error instanceof MigrationError)
      assert.match(
        error.message,
        /a\/0002_m2\.sql:3 failed and was not applied: relation "a\.missing" does not exist$/,
      )
      return true
    })
    assert.equal((await database.db.query({ text: 'SELECT FROM a.t' })).rowCount, 0)
    const { pending } = await migrationStatus(database.db, [set])
    assert.deepEqual(
      pending.map(({ name }) => name),
      ['0002_m2'],
    )
  })

  test('can be killed at any moment and goes on where it was', async () => {
    const set = files('a', MAKE, 'INSERT INTO a.t VALUES (1); SELECT pg_sleep(30)')
    const victim = database.openDb({ applicationName: 'victim' })
    const killed = assert.rejects(migrate(victim, [set]), { reason: 'kernel.database_unavailable' })
    await waitFor(async () => {
      const { rowCount } = await database.db.query({
        text: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim' AND query LIKE '%pg_sleep(30)%'`,
      })
      return rowCount === 1
    })
    await killed
    const mended = files('a', MAKE, 'INSERT INTO a.t VALUES (2)')
    assert.equal((await migrate(database.db, [mended])).applied.length, 1)
    assert.deepEqual((await database.db.query({ text: 'SELECT id FROM a.t' })).rows, [{ id: 2 }])
  })
})

test('a database that cannot hold all text is refused', async () => {
  const asSuperuser = { connectionString: database.superuserConnectionString }
  const admin = database.openDb(asSuperuser)
  const name = `latin_${process.pid}`
  await admin.query({ text: `CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0` })
  const latin = database.openDb({
    connectionString: asSuperuser.connectionString.replace(/\/test_[^?]*/, `/${name}`),
  })
  await assert.rejects(migrate(latin, []), { message: /stores text as LATIN1, and UTF8 is needed/ })
  await latin.close()
  await admin.query({ text: `DROP DATABASE ${name}` })
})

describe('a history that does not match is refused, before anything is changed:', () => {
  const refused = async (sets: MigrationSet[], message: RegExp): Promise<void> => {
    await assert.rejects(migrate(database.db, sets), (error: MigrationError) => {
      assert.ok(error instanceof MigrationError)
      assert.match(error.message, message)
      return true
    })
    await assert.rejects(migrationStatus(database.db, sets), { message })
    assert.equal(await exists('b.t'), false)
  }
  const pending = () => files('b', 'CREATE SCHEMA b; CREATE TABLE b.t ()')

  test('a file edited after it was applied', async () => {
    await migrate(database.db, [files('a', MAKE)])
    await refused(
      [pending(), files('a', `${MAKE} -- harmless`)],
      /a\/0001_m1\.sql is not what was applied .* Restore the file/,
    )
  })

  test('a database that a newer program has migrated further', async () => {
    await migrate(database.db, [files('a', MAKE, 'SELECT 1')])
    await refused(
      [pending(), files('a', MAKE)],
      /^This database is newer than this program: it has a migration 0002_m2, and this program knows a up to 0001_m1\. Nothing was changed\./,
    )
  })

  test('rows removed by hand', async () => {
    const set = files('a', MAKE, 'SELECT 1')
    await migrate(database.db, [set])
    await database.db.query({ text: 'DELETE FROM kernel.migrations WHERE version = 1' })
    await refused([pending(), set], /has a gap in a/)
  })

  test('line ends are no edit', async () => {
    await migrate(database.db, [files('a', 'CREATE SCHEMA a;\nCREATE TABLE a.t ();\n')])
    assert.equal(
      (await migrate(database.db, [files('a', 'CREATE SCHEMA a;\r\nCREATE TABLE a.t ();\r\n')])).applied
        .length,
      0,
    )
  })

  test('names and numbers that are off', async () => {
    const misnamed = files('a', MAKE)
    writeFileSync(new URL('second.sql', misnamed.directory), '')
    await assert.rejects(
      migrate(database.db, [misnamed]),
      /second\.sql is not named like 0001_what_it_does\.sql/,
    )
    const gap = files('a', MAKE)
    writeFileSync(new URL('0003_gap.sql', gap.directory), '')
    await assert.rejects(migrate(database.db, [gap]), /0003_gap\.sql has number 3 where 2 was expected/)
    const twin = files('a', MAKE)
    writeFileSync(new URL('0001_twin.sql', twin.directory), '')
    await assert.rejects(migrate(database.db, [twin]), /has number 1 where 2 was expected/)
  })
})

describe('a table in use', () => {
  const ALTER = 'ALTER TABLE a.t ADD COLUMN x int'

  test('is waited for in short tries, so that nobody queues behind the migration', async () => {
    await migrate(database.db, [files('a', MAKE)])
    let tries = 0
    const logger = { info() {}, debug() {}, error() {}, warn: () => void tries++ } as never
    let migrating: Promise<unknown> | undefined
    await database.db.transaction(async (tx) => {
      await tx.query({ text: 'SELECT * FROM a.t' })
      migrating = migrate(database.db, [files('a', MAKE, ALTER)], {
        lockTimeoutMs: 20,
        lockAttempts: 1000,
        logger,
      })
      await waitFor(() => tries >= 2, { what: 'two tries' })
    })
    await migrating
    assert.equal((await migrationStatus(database.db, [files('a', MAKE, ALTER)])).pending.length, 0)
  })

  test('that never becomes free is given up with a sentence', async () => {
    await migrate(database.db, [files('a', MAKE)])
    await database.db.transaction(async (tx) => {
      await tx.query({ text: 'SELECT * FROM a.t' })
      await assert.rejects(
        migrate(database.db, [files('a', MAKE, ALTER)], { lockTimeoutMs: 10, lockAttempts: 2 }),
        /0002_m2\.sql could not get its tables: other sessions keep them in use\. It was not applied\./,
      )
    })
  })
})

describe('a no-transaction file', () => {
  const BUILD =
    '-- mainstay: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "T_id" ON a.t (id);\nANALYZE a.t;'

  test('builds an index concurrently, although other processes wait for the migration', async () => {
    const set = files('a', MAKE, BUILD)
    const pools = Array.from({ length: 3 }, () => database.openDb({ poolSize: 1 }))
    await Promise.all(pools.map((db) => migrate(db, [set])))
    assert.equal(await exists('a."T_id"'), true)
  })

  test('that failed half way is repeated without its invalid index being taken for a good one', async () => {
    const set = files('a', `${MAKE}; INSERT INTO a.t VALUES (1), (1)`, BUILD)
    await assert.rejects(
      migrate(database.db, [set]),
      /0002_m2\.sql failed and was not applied: could not create unique index/,
    )
    assert.equal(await isValid(database.db), false)
    await database.db.query({ text: 'TRUNCATE a.t' })
    await migrate(database.db, [set])
    assert.equal(await isValid(database.db), true)
  })

  async function isValid(db: Db): Promise<boolean | undefined> {
    const { rows } = await db.query<{ valid: boolean }>({
      text: `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'a."T_id"'::regclass`,
    })
    return rows[0]?.valid
  }
})
