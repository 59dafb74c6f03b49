import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Bus, createBus } from '../bus/index.ts'
import { kernelMigrations } from '../kernel-migrations.ts'
import { createLogger, createMetrics } from '../telemetry/index.ts'
import { useTestDatabase, waitFor } from '../testing/index.ts'
import { createJobs, type Jobs } from './index.ts'

const database = useTestDatabase({ sets: [kernelMigrations] })
let bus: Bus
const running = new Set<Jobs>()

before(async () => {
  await database.ready()
  bus = createBus({ connection: database.connectionString })
  await bus.start()
})
after(async () => {
  await Promise.all([...running].map((jobs) => jobs.stop()))
  await bus.stop()
})

/** A process whose code declares these crons. What no process confirms for half a second is removed. */
async function startProcess(...names: string[]): Promise<Jobs> {
  const jobs = createJobs({
    db: database.db,
    bus,
    logger: createLogger({ level: 'silent' }),
    metrics: createMetrics(),
    confirmSchedulesEveryMs: 50,
  })
  for (const name of names) jobs.cron(name, '0 3 * * *', () => undefined)
  await jobs.start({ work: true })
  running.add(jobs)
  return jobs
}

async function stopProcess(jobs: Jobs): Promise<void> {
  running.delete(jobs)
  await jobs.stop()
}

async function schedules(): Promise<string[]> {
  const { rows } = await database.db.query<{ name: string }>({
    text: 'SELECT name FROM pgboss.schedule ORDER BY name',
  })
  return rows.map(({ name }) => name)
}

const untilThereAre = (...names: string[]) =>
  waitFor(async () => String(await schedules()) === String(names), { what: `the schedules ${names}` })

test('the schedule of a cron that was renamed ends once no process declares the old name', async () => {
  const older = await startProcess('test.old_name', 'test.kept')
  const newer = await startProcess('test.new_name', 'test.kept')
  // Of a process that is gone already. When this has been removed, the newer process has looked, and let the older's be.
  await stopProcess(await startProcess('test.gone'))
  await untilThereAre('test.kept', 'test.new_name', 'test.old_name')

  await stopProcess(older)
  await untilThereAre('test.kept', 'test.new_name')
  await stopProcess(newer)
})

test('a schedule that was removed while a process still declares it comes back', async () => {
  const jobs = await startProcess('test.mine')
  await database.db.query({ text: `DELETE FROM pgboss.schedule WHERE name = 'test.mine'` })
  await waitFor(async () => (await schedules()).includes('test.mine'), { what: 'it to come back' })
  await stopProcess(jobs)
})

test('what was left behind is removed at the next start', async () => {
  await stopProcess(await startProcess('test.left'))
  await database.db.query({ text: `UPDATE pgboss.schedule SET updated_on = now() - interval '1 day'` })
  const jobs = await startProcess('test.other')
  assert.deepEqual(await schedules(), ['test.other'])
  await stopProcess(jobs)
})
