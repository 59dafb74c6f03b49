import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { PgBoss } from 'pg-boss'
import { type Bus, createBus } from '../bus/index.ts'
import { kernelMigrations } from '../kernel-migrations.ts'
import { createLogger, createMetrics, currentTrace, newTrace, withTrace } from '../telemetry/index.ts'
import { useTestDatabase, waitFor } from '../testing/index.ts'
import { createJobs, type JobCall, type Jobs, type JobsOptions } from './index.ts'

const database = useTestDatabase({ sets: [kernelMigrations] })
const logger = createLogger({ level: 'silent' })

describe('jobs', () => {
  let bus: Bus
  const running: Jobs[] = []
  let names = 0
  const newName = (): string => `test.job_${++names}`

  before(async () => {
    bus = createBus({ connection: database.connectionString })
    await bus.start()
  })
  after(async () => {
    await Promise.all(running.map((jobs) => jobs.stop()))
    await bus.stop()
  })

  /** As one process would have them. */
  function create(options: Partial<JobsOptions> = {}): Jobs {
    const jobs = createJobs({
      db: database.db,
      bus,
      logger,
      metrics: createMetrics(),
      heartbeatSeconds: 3,
      rescueEveryMs: 100,
      ...options,
    })
    running.push(jobs)
    return jobs
  }

  it('find the tables that this version of pg-boss wants', async () => {
    const boss = new PgBoss({
      schema: 'pgboss',
      migrate: false,
      db: { executeSql: async (text, values) => await database.db.pool.query(text, values) },
    })
    const drift = await boss.detectSchemaDrift()
    assert.equal(drift.ok, true, JSON.stringify(drift))
  })

  it('run if and only if the transaction that enqueued them commits, and carry its trace', async () => {
    const name = newName()
    const seen: { data: unknown; traceId: string | undefined }[] = []
    const jobs = create()
    jobs.define(name, { handler: ({ data }) => void seen.push({ data, traceId: currentTrace()?.traceId }) })
    await jobs.start({ work: true })
    await assert.rejects(
      database.db.transaction(async (tx) => {
        await jobs.enqueue(tx, name, { number: 1 })
        throw new Error('changed my mind')
      }),
    )
    const trace = newTrace()
    await withTrace(trace, () => database.db.transaction((tx) => jobs.enqueue(tx, name, { number: 2 })))
    await waitFor(() => seen.length > 0)
    assert.deepEqual(seen, [{ data: { number: 2 }, traceId: trace.traceId }])
  })

  it('come from processes that do not work, and hundreds do not wait for each other', async () => {
    const name = newName()
    const seen: number[] = []
    const handler = ({ data }: JobCall<number>) => void seen.push(data)
    const api = create()
    api.define(name, { handler, concurrency: 3 })
    await api.start({ work: false })
    await Promise.all(Array.from({ length: 200 }, (_, number) => api.enqueue(database.db, name, number)))
    const worker = create()
    worker.define(name, { handler, concurrency: 3 })
    await worker.start({ work: true })
    await waitFor(() => seen.length === 200)
    assert.equal(new Set(seen).size, 200)
  })

  it('are tried again when they fail, later each time, and then left alone', async () => {
    const name = newName()
    const attempts: number[] = []
    const jobs = create()
    jobs.define(name, {
      retries: 1,
      retryDelayMs: 1_000,
      handler: ({ attempt }) => {
        attempts.push(attempt)
        throw new Error('no')
      },
    })
    await jobs.start({ work: true })
    const id = await jobs.enqueue(database.db, name)
    await waitFor(async () => {
      const { rows } = await database.db.query<{ state: string }>({
        text: 'SELECT state FROM pgboss.job WHERE id = $1',
        values: [id],
      })
      return rows[0]?.state === 'failed'
    })
    assert.deepEqual(attempts, [1, 2])
  })

  it('with a key exist once while they wait, or while they wait or run', async () => {
    const [coalesced, exclusive] = [newName(), newName()]
    const started: string[] = []
    let finish = (): void => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    const jobs = create()
    for (const [name, singleton] of [
      [coalesced, 'waiting'],
      [exclusive, 'waiting_or_running'],
    ] as const) {
      jobs.define(name, {
        singleton,
        concurrency: 2,
        handler: async () => {
          started.push(name)
          await finished
        },
      })
    }
    await jobs.start({ work: true })
    const enqueue = (name: string) => jobs.enqueue(database.db, name, {}, { singletonKey: 'k' })
    // A race: fifty at once, one wins.
    const waiting = { singletonKey: 'later', startAfter: new Date(Date.now() + 3_600_000) }
    const race = await Promise.all(
      Array.from({ length: 50 }, () => jobs.enqueue(database.db, exclusive, {}, waiting)),
    )
    assert.equal(race.filter((id) => id !== undefined).length, 1)

    assert.ok(await enqueue(coalesced))
    assert.ok(await enqueue(exclusive))
    await waitFor(() => started.length === 2)
    assert.ok(await enqueue(coalesced), 'while one runs, another may wait')
    assert.equal(await enqueue(exclusive), undefined, 'while one runs, there is none beside it')
    assert.ok(await jobs.enqueue(database.db, exclusive), 'one without a key is nobody’s twin')
    finish()
    await waitFor(() => started.length === 4)
  })

  it('wait until their time has come', async () => {
    const name = newName()
    const seen: number[] = []
    const jobs = create()
    jobs.define(name, { handler: () => void seen.push(Date.now()) })
    await jobs.start({ work: true })
    const startAfter = new Date(Date.now() + 300)
    await jobs.enqueue(database.db, name, {}, { startAfter })
    await waitFor(() => seen.length === 1)
    assert.ok((seen[0] ?? 0) >= startAfter.getTime())
  })

  it('of a worker that was killed are finished by another within seconds', async () => {
    const name = newName()
    const script = fileURLToPath(new URL('killed-worker.ts', import.meta.url))
    const child = spawn(process.execPath, [script, database.connectionString, name], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    after(() => child.kill('SIGKILL'))
    const finished: JobCall[] = []
    const api = create()
    api.define(name, { retryDelayMs: 1_000, handler: (job) => void finished.push(job) })
    await api.start({ work: false })
    const id = await api.enqueue(database.db, name, { precious: true })
    await once(child.stdout, 'data') // it works on it now
    child.kill('SIGKILL')
    await once(child, 'exit')
    const heir = create()
    heir.define(name, { retryDelayMs: 1_000, handler: (job) => void finished.push(job) })
    await heir.start({ work: true })
    await waitFor(() => finished.length === 1, { timeoutMs: 20_000, what: 'the heir to finish the job' })
    assert.equal(finished[0]?.id, id)
    assert.deepEqual(finished[0]?.data, { precious: true })
    assert.equal(finished[0]?.attempt, 2)
  })

  it('by the clock run once, however many processes there are', async () => {
    const name = newName()
    let runs = 0
    const processes = Array.from({ length: 3 }, () => create())
    for (const jobs of processes) jobs.cron(name, '* * * * *', () => void runs++)
    await Promise.all(processes.map((jobs) => jobs.start({ work: true })))
    // The minute that has just begun is due at the first look, which the cron pass above may have had already.
    await database.db.query({ text: 'UPDATE pgboss.version SET cron_on = NULL' })
    const late = create()
    late.cron(name, '* * * * *', () => void runs++)
    await late.start({ work: true })
    await waitFor(() => runs > 0)
    const count = async (): Promise<number> => {
      const { rows } = await database.db.query<{ count: number }>({
        text: `SELECT count(*)::int FROM pgboss.job WHERE name = $1`,
        values: [name],
      })
      return rows[0]?.count ?? 0
    }
    // At most two: should the minute change under the test.
    assert.ok(runs <= 2 && (await count()) <= 2, `${runs} runs`)
  })

  it('under way are finished before the process stops', async () => {
    const name = newName()
    let begun = false
    let ended = false
    const jobs = create()
    jobs.define(name, {
      handler: async () => {
        begun = true
        await new Promise((resolve) => setTimeout(resolve, 50))
        ended = true
      },
    })
    await jobs.start({ work: true })
    await jobs.enqueue(database.db, name)
    await waitFor(() => begun)
    await jobs.stop()
    assert.equal(ended, true)
  })

  it('are defined with care', async () => {
    const jobs = create()
    const name = newName()
    jobs.define(name, { handler: () => {} })
    assert.throws(() => jobs.define(name, { handler: () => {} }), /defined already/)
    assert.throws(() => jobs.define('Bad name', { handler: () => {} }), /no name for a job/)
    await assert.rejects(jobs.enqueue(database.db, name), /not started/)
    await jobs.start({ work: false })
    assert.throws(() => jobs.define(newName(), { handler: () => {} }), /before jobs\.start/)
    await assert.rejects(
      jobs.enqueue(database.db, name, {}, { singletonKey: 'k' }),
      /not defined as singleton/,
    )
    await assert.rejects(jobs.enqueue(database.db, 'test.unknown'), /not defined/)
    const other = create()
    other.define(name, { handler: () => {}, singleton: 'waiting' })
    await assert.rejects(other.start({ work: false }), /cannot change/)
    assert.throws(() => create({ heartbeatSeconds: 1 }), /≥ 3/)
  })
})
