import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { temporaryHome } from '../testing/index.ts'
import {
  type EmbeddedPostgres,
  reachEmbeddedPostgres,
  type StartError,
  startEmbeddedPostgres,
} from './index.ts'

const FAST = { fsync: 'off' }

const home = temporaryHome()
after(() => rmSync(home, { recursive: true }))

describe('a running server', () => {
  let server: EmbeddedPostgres

  before(async () => {
    server = await startEmbeddedPostgres({ home }) // as in production
  })
  after(() => server.stop())

  test('is PostgreSQL 18, answers on a unix socket only, and writes to disk before it acknowledges', async () => {
    const settings = ['server_version', 'listen_addresses', 'fsync', 'synchronous_commit', 'full_page_writes']
    const values = await Promise.all(settings.map((name) => ask(server.connectionString, `SHOW ${name}`)))
    assert.match(String(values.shift()), /^18\./)
    assert.deepEqual(values, ['', 'on', 'on', 'on'])
    assert.match(server.version, /^18\./)
  })

  test('is reached by a command beside it as by its own program, which a home without a database refuses', async () => {
    assert.equal(reachEmbeddedPostgres({ home }), server.connectionString)
    const empty = temporaryHome()
    try {
      assert.throws(() => reachEmbeddedPostgres({ home: empty }), { name: 'StartError', problem: 'failed' })
      assert.deepEqual(readdirSync(empty), [])
    } finally {
      rmSync(empty, { recursive: true })
    }
  })

  test('does not run as root, nor gives the program the powers of a superuser', async () => {
    assert.notEqual(statSync(`/proc/${server.pid}`).uid, 0)
    assert.equal(await ask(server.connectionString, 'SHOW is_superuser'), 'off')
    assert.equal(await ask(server.connectionString, 'SELECT current_user'), 'mainstay')
    await ask(server.connectionString, 'CREATE SCHEMA notify; CREATE EXTENSION pg_trgm')
  })

  test('keeps its passwords, its data and its socket from everybody else', async () => {
    const root = join(home, 'postgres', '18')
    assert.equal(modeOf(join(root, 'credentials.json')), 0o600)
    assert.equal(modeOf(join(root, 'postgres.log')), 0o600)
    assert.equal(modeOf(join(root, 'data')), 0o700)
    assert.equal(modeOf(join(home, 'postgres', 'run')), 0o700)
    const wrong = server.connectionString.replace(/:[^:@/]+@/, ':wrong@')
    await assert.rejects(ask(wrong, 'SELECT 1'), { code: '28P01' })
    const without = server.connectionString.replace(/:[^:@/]+@/, '@')
    await assert.rejects(ask(without, 'SELECT 1'))
  })

  test('sorts text alike on every machine', async () => {
    const [provider, locale] = await Promise.all([
      ask(server.connectionString, `SELECT datlocprovider FROM pg_database WHERE datname = 'mainstay'`),
      ask(server.connectionString, `SELECT datlocale FROM pg_database WHERE datname = 'mainstay'`),
    ])
    assert.deepEqual([provider, locale], ['b', 'C.UTF-8'])
  })

  test('refuses a second start on its home and says who has it', async () => {
    await assert.rejects(startEmbeddedPostgres({ home }), (error: StartError) => {
      assert.equal(error.problem, 'already_running')
      assert.equal(
        error.message,
        `Mainstay is already running on ${home} (process ${process.pid}). ` +
          'Stop it first, or set MAINSTAY_HOME to another folder.',
      )
      return true
    })
    assert.equal(await ask(server.connectionString, 'SELECT 1'), 1)
  })

  test('keeps statements and rows out of its log', async () => {
    await assert.rejects(
      ask(
        server.connectionString,
        `CREATE TABLE t (name text UNIQUE); INSERT INTO t VALUES ('secret-name'), ('secret-name')`,
      ),
    )
    const log = readFileSync(server.logFile, 'utf8')
    assert.match(log, /duplicate key/)
    assert.doesNotMatch(log, /secret-name/)
  })
})

describe('a home between two starts', () => {
  test('keeps its data and its passwords', async () => {
    const first = await startEmbeddedPostgres({ home, settings: FAST })
    await ask(first.connectionString, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)')
    await Promise.all([first.stop(), first.stop()])
    const second = await startEmbeddedPostgres({ home, settings: FAST })
    assert.equal(second.adopted, false)
    assert.equal(second.connectionString, first.connectionString)
    assert.equal(await ask(second.connectionString, 'SELECT n FROM kept'), 7)
    await second.stop()
  })

  test('holds nothing but what it consists of', () => {
    assert.deepEqual(readdirSync(home), ['postgres'])
    assert.deepEqual(readdirSync(join(home, 'postgres')).sort(), ['18', 'run'])
    assert.deepEqual(readdirSync(join(home, 'postgres', '18')).sort(), [
      'credentials.json',
      'data',
      'postgres.log',
    ])
    assert.deepEqual(readdirSync(join(home, 'postgres', 'run')), [])
  })

  test('is served on 127.0.0.1 too when asked for, unless the port is taken', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => blocker.once('listening', resolve))
    const { port } = blocker.address() as { port: number }
    await assert.rejects(startEmbeddedPostgres({ home, port, settings: FAST }), (error: StartError) => {
      assert.equal(error.problem, 'port_in_use')
      assert.match(
        error.message,
        new RegExp(`^Port ${port} on 127.0.0.1, where PostgreSQL was to listen, is in use`),
      )
      return true
    })
    await new Promise((resolve) => blocker.close(resolve))
    const server = await startEmbeddedPostgres({ home, port, settings: FAST })
    const overTcp = new URL(server.connectionString.replace('@/', '@127.0.0.1/'))
    overTcp.search = ''
    overTcp.port = String(port)
    assert.equal(await ask(overTcp.href, 'SELECT 1'), 1)
    assert.equal(await ask(server.connectionString, 'SELECT 2'), 2)
    await server.stop()
  })
})

test('a home whose path is too long for a socket gets its socket elsewhere', async (t) => {
  const top = temporaryHome()
  const home = join(top, 'a'.repeat(90))
  const server = await startEmbeddedPostgres({ home, settings: FAST })
  const socketFolder =
    new URL(server.connectionString.replace('@/', '@localhost/')).searchParams.get('host') ?? ''
  t.after(async () => {
    await server.stop()
    rmSync(top, { recursive: true })
    rmSync(socketFolder, { recursive: true })
  })
  assert.ok(!socketFolder.startsWith(home))
  assert.equal(modeOf(socketFolder), 0o700)
  assert.equal(await ask(server.connectionString, 'SELECT 1'), 1)
})

function modeOf(path: string): number {
  return statSync(path).mode & 0o777
}

/** The first column of the last statement's first row. */
async function ask(connectionString: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const results = [await client.query({ text, rowMode: 'array' })].flat()
    return results.at(-1)?.rows[0]?.[0]
  } finally {
    await client.end()
  }
}
