import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import pg from 'pg'
import { temporaryHome, waitFor } from '../testing/index.ts'
import { holdServer } from './hold-server.ts'
import { type EmbeddedPostgres, type StartError, startEmbeddedPostgres } from './index.ts'

const FAST = { fsync: 'off' }

const home = temporaryHome()
const base = join(home, 'postgres')
const root = join(base, '18')
after(() => rmSync(home, { recursive: true }))

describe('a home whose process died', () => {
  let server: EmbeddedPostgres
  after(() => server?.stop())

  test('is initialised by exactly one of several first starts', async () => {
    const holders = Array.from({ length: 3 }, () => holdServer(home))
    const outcomes = await Promise.all(holders.map(({ outcome }) => outcome))
    assert.equal(outcomes.filter(({ pid }) => pid !== undefined).length, 1, JSON.stringify(outcomes))
    assert.equal(
      outcomes.filter(({ problem }) => problem === 'already_running').length,
      2,
      JSON.stringify(outcomes),
    )
    const winner = holders.find((_, index) => outcomes[index]?.pid !== undefined)
    await winner?.kill('SIGTERM')
  })

  test('has its server taken over as it is after a SIGKILL', async () => {
    const holder = holdServer(home)
    const { pid, connectionString = '' } = await holder.outcome
    await run(connectionString, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)')
    await holder.kill()
    server = await startEmbeddedPostgres({ home, settings: FAST })
    assert.equal(server.adopted, true)
    assert.equal(server.pid, pid)
    assert.deepEqual(await run(connectionString, 'SELECT n FROM kept'), [{ n: 7 }])
    await assert.rejects(startEmbeddedPostgres({ home, settings: FAST }), { problem: 'already_running' })
    await server.stop()
    assert.ok(!existsSync(join(root, 'data', 'postmaster.pid')))
  })

  test('has a server with other settings restarted', async () => {
    const holder = holdServer(home)
    const { pid } = await holder.outcome
    await holder.kill()
    server = await startEmbeddedPostgres({ home, settings: { ...FAST, work_mem: '9MB' } })
    assert.equal(server.adopted, false)
    assert.notEqual(server.pid, pid)
    assert.deepEqual(await run(server.connectionString, 'SHOW work_mem'), [{ work_mem: '9MB' }])
  })

  test('keeps its owner when a session of the server crashes', async () => {
    const { pid: backend } = await holdSession(server.connectionString)
    process.kill(backend, 'SIGKILL')
    await waitFor(() => run(server.connectionString, 'SELECT 1'), { what: 'PostgreSQL to recover' })
    await waitFor(
      async () => {
        const owner = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name LIKE 'mainstay owner%'`
        const rows = await run(server.superuserConnectionString, owner)
        return (rows[0] as { count: number }).count === 1
      },
      { what: 'the ownership to be taken again' },
    )
    await assert.rejects(startEmbeddedPostgres({ home, settings: FAST }), { problem: 'already_running' })
  })

  test('is told when the server itself has died, and the next start recovers', async () => {
    process.kill(server.pid, 'SIGQUIT')
    await server.ended
    server = await startEmbeddedPostgres({ home, settings: FAST })
    assert.deepEqual(await run(server.connectionString, 'SELECT n FROM kept'), [{ n: 7 }])
    await server.stop()
  })

  test('starts although its process number has passed to another program', async () => {
    const stale = [
      process.pid,
      join(root, 'data'),
      1,
      5432,
      join(home, 'postgres', 'run'),
      '',
      '',
      'ready',
      '',
    ]
    writeFileSync(join(root, 'data', 'postmaster.pid'), stale.join('\n'))
    server = await startEmbeddedPostgres({ home, settings: FAST })
    assert.equal(server.adopted, false)
    await server.stop()
  })

  test('starts although its socket was removed under the running server', async () => {
    const holder = holdServer(home)
    const { pid } = await holder.outcome
    await holder.kill()
    rmSync(join(home, 'postgres', 'run', '.s.PGSQL.5432'))
    server = await startEmbeddedPostgres({ home, settings: FAST })
    assert.notEqual(server.pid, pid)
    await server.stop()
  })
})

describe('a home that cannot be used', () => {
  test('because its data is from an older major version is left alone', async () => {
    writeFileSync(join(root, 'data', 'PG_VERSION'), '17\n')
    await refused(
      'other_version',
      /^The data in \S+18\/data belongs to PostgreSQL 17, and this program runs PostgreSQL 18\./,
    )
    assert.equal(readFileSync(join(root, 'data', 'PG_VERSION'), 'utf8'), '17\n')
    writeFileSync(join(root, 'data', 'PG_VERSION'), '18\n')
  })

  test('because it holds another major version only is left alone', async () => {
    renameSync(root, join(base, '17'))
    await refused('other_version', /^The data in \S+17 belongs to PostgreSQL 17/)
    renameSync(join(base, '17'), root)
  })

  test('because its data folder is not one is left alone', async () => {
    renameSync(join(root, 'data', 'PG_VERSION'), join(root, 'data', 'aside'))
    await refused('damaged', /holds no PostgreSQL data .* Nothing was changed\./)
    renameSync(join(root, 'data', 'aside'), join(root, 'data', 'PG_VERSION'))
  })

  test('because its passwords are gone or wrong says where they belong', async () => {
    const path = join(root, 'credentials.json')
    const good = readFileSync(path)
    rmSync(path)
    await refused('no_credentials', /credentials\.json is missing or cannot be read/)
    writeFileSync(path, JSON.stringify({ superuser: 'wrong', app: 'wrong' }))
    await refused('no_credentials', /credentials\.json is not the one of the database beside it/)
    writeFileSync(path, good)
  })

  test("because PostgreSQL itself refuses says so in PostgreSQL's words", async () => {
    renameSync(join(root, 'data', 'global'), join(root, 'data', 'aside'))
    await refused('failed', /^PostgreSQL did not start: .*global/)
    renameSync(join(root, 'data', 'aside'), join(root, 'data', 'global'))
  })

  test('because a first start was killed half way is simply made again', async () => {
    const partial = join(base, '.partial-999999999-cafe')
    mkdirSync(join(partial, 'data'), { recursive: true })
    cpSync(join(root, 'data', 'PG_VERSION'), join(partial, 'data', 'PG_VERSION'))
    rmSync(root, { recursive: true })
    const server = await startEmbeddedPostgres({ home, settings: FAST })
    await server.stop()
    assert.throws(() => readFileSync(join(partial, 'data', 'PG_VERSION')), { code: 'ENOENT' })
  })

  async function refused(problem: string, message: RegExp): Promise<void> {
    await assert.rejects(startEmbeddedPostgres({ home, settings: FAST }), (error: StartError) => {
      assert.equal(error.problem, problem, error.stack)
      assert.match(error.message, message)
      return true
    })
  }
})

test('a home that cannot be written to says so', async () => {
  const closed = temporaryHome()
  writeFileSync(join(closed, 'file'), '')
  await assert.rejects(startEmbeddedPostgres({ home: join(closed, 'file', 'below') }), {
    problem: 'no_access',
    message: /cannot be made or written to/,
  })
  rmSync(closed, { recursive: true })
})

async function run(connectionString: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  try {
    return [await client.query(text)].flat().at(-1)?.rows ?? []
  } finally {
    await client.end()
  }
}

/** Leaves a session open, and says which process of the server it has. */
async function holdSession(connectionString: string): Promise<{ pid: number }> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {}) // it is about to be killed
  await client.connect()
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
  return rows[0]
}
