import { randomBytes } from 'node:crypto'
import { after, before } from 'node:test'
import pg from 'pg'
import { createDb, type Db, type DbOptions } from '../db/index.ts'
import type { MigrationSet } from '../migrations/index.ts'
import { asTester, ensureTemplate, TESTER, withDatabase } from './template.ts'
import { startTestServer } from './test-server.ts'

export interface TestDatabase {
  /** There inside tests; a `before` hook of a file, which runs beside ours, first awaits `ready()`. */
  readonly db: Db
  /** As the owner of the database, who is no superuser: as in production. */
  readonly connectionString: string
  readonly superuserConnectionString: string
  /** A second pool on the same database, closed at the end: for tests with several processes' worth of clients. */
  openDb(options?: Partial<DbOptions>): Db
  /** Resolves to `db` once it is there. node:test does not wait for one top-level `before` hook before the next. */
  ready(): Promise<Db>
}

export interface TestDatabaseOptions {
  /** Migrated in this order. Default: none, an empty database. */
  sets?: readonly MigrationSet[]
  /** Options of `db`. */
  db?: Partial<DbOptions>
}

/**
 * Call at the top of a test file: gives it a database of its own, cloned from a migrated template, dropped at the end.
 * The server is the run's (scripts/test.ts, MAINSTAY_TEST_PG), or, when the file is run alone, one just for it.
 */
export function useTestDatabase(options: TestDatabaseOptions = {}): TestDatabase {
  let opened: OpenedDatabase | undefined
  let opening: Promise<OpenedDatabase> | undefined
  const open = async (): Promise<OpenedDatabase> => {
    opening ??= openTestDatabase(options)
    opened = await opening
    return opened
  }
  const get = (): OpenedDatabase => {
    if (opened === undefined) throw new Error('In a before hook, await database.ready() first')
    return opened
  }
  before(open)
  after(async () => {
    await opened?.drop()
  })
  return {
    get db() {
      return get().db
    },
    get connectionString() {
      return get().connectionString
    },
    get superuserConnectionString() {
      return get().superuserConnectionString
    },
    openDb: (dbOptions) => get().openDb(dbOptions),
    ready: async () => (await open()).db,
  }
}

export interface OpenedDatabase extends TestDatabase {
  /** Closes every pool and drops the database. */
  drop(): Promise<void>
}

/** The same without the test runner's hooks, for benchmarks and scripts. The caller drops it. */
export async function openTestDatabase({
  sets = [],
  db: dbOptions,
}: TestDatabaseOptions = {}): Promise<OpenedDatabase> {
  const server = await findServer()
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`
  const admin = new pg.Client({ connectionString: server.url })
  await admin.connect()
  try {
    const template = await ensureTemplate(admin, server.url, sets)
    await admin.query(
      `CREATE DATABASE ${name} OWNER ${TESTER} TEMPLATE ${template} STRATEGY ${CLONE_STRATEGY}`,
    )
  } finally {
    await admin.end()
  }
  const connectionString = asTester(server.url, name)
  const opened: Db[] = []
  const openDb = (more: Partial<DbOptions> = {}): Db => {
    const db = createDb({ connectionString, ...dbOptions, ...more })
    opened.push(db)
    return db
  }
  const db = openDb()
  return {
    db,
    connectionString,
    superuserConnectionString: withDatabase(server.url, name),
    openDb,
    ready: async () => db,
    async drop() {
      await Promise.all(opened.map((db) => db.close()))
      if (server.stop !== undefined) return await server.stop()
      const last = new pg.Client({ connectionString: server.url })
      await last.connect()
      await last.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      await last.end()
    },
  }
}

/** Copying files beats writing pages through the log here: with fsync off no checkpoint has to wait for the disk. */
const CLONE_STRATEGY = 'FILE_COPY'

async function findServer(): Promise<{ url: string; stop?: () => Promise<void> }> {
  const url = process.env.MAINSTAY_TEST_PG
  if (url) return { url }
  const server = await startTestServer()
  return { url: server.postgres.superuserConnectionString, stop: server.stop }
}
