import type { Job } from 'pg-boss'
import type { Bus } from '../bus/index.ts'
import type { Db, Executor } from '../db/index.ts'
import { newId } from '../ids.ts'
import {
  continueTrace,
  currentTrace,
  formatTraceparent,
  type Logger,
  type Metrics,
  withTrace,
} from '../telemetry/index.ts'
import { type Boss, createBoss } from './boss.ts'
import { type EnqueueOptions, type JobDefinition, type JobOptions, toDefinition } from './definition.ts'
import { ensureQueues } from './queues.ts'
import { startRescue } from './rescue.ts'
import { startSchedules } from './schedules.ts'

export interface JobsOptions {
  db: Db
  bus: Bus
  logger: Logger
  metrics: Metrics
  /** How long a silent worker keeps its jobs, 3 at least: longer than the event loop is ever blocked. Default 6. */
  heartbeatSeconds?: number
  /** How often to look for jobs that nobody announces: delayed, retried, orphaned ones. Default 2,000. */
  rescueEveryMs?: number
  /**
   * How often to confirm this process's schedules. One that no process has confirmed for ten times as long is removed.
   * Default 60,000.
   */
  confirmSchedulesEveryMs?: number
  /** How long `stop` waits for handlers under way. Default 20,000. */
  drainMs?: number
}

export interface Jobs {
  /** Before `start`, in every process that enqueues or handles it. */
  define<D>(name: string, options: JobOptions<D>): void
  /**
   * Runs a job by the clock, once for all processes. `expression` has five fields, minutes first. An occurrence that
   * comes while the last one still runs is left out; of those missed while no worker was up, the last is made up for.
   * Renamed or taken out of the code, the old schedule ends some ten minutes after the last process that declares it.
   */
  cron(
    name: string,
    expression: string,
    handler: JobOptions['handler'],
    options?: Omit<JobOptions, 'handler' | 'singleton' | 'concurrency'> & { timezone?: string },
  ): void
  /**
   * Adds a job; with a transaction, if and only if that commits.
   *
   * @returns its id, or undefined when its `singletonKey` is taken.
   */
  enqueue(
    executor: Executor,
    name: string,
    data?: unknown,
    options?: EnqueueOptions,
  ): Promise<string | undefined>
  /** `work: false` for a process that only enqueues. The tables must have been migrated. */
  start(options: { work: boolean }): Promise<void>
  /** Takes no more jobs and lets those under way finish; what is not done in time is tried again elsewhere. */
  stop(): Promise<void>
}

/** Background jobs, on pg-boss. */
export function createJobs(options: JobsOptions): Jobs {
  const { db, bus, logger, metrics, heartbeatSeconds = 6, rescueEveryMs = 2_000, drainMs = 20_000 } = options
  const { confirmSchedulesEveryMs = 60_000 } = options
  if (!Number.isInteger(heartbeatSeconds) || heartbeatSeconds < 3) {
    throw new RangeError(`heartbeatSeconds must be an integer ≥ 3, got ${heartbeatSeconds}`)
  }
  const definitions = new Map<string, JobDefinition>()
  const seconds = metrics.histogram({
    name: 'mainstay_job_seconds',
    help: 'Calls of job handlers by how they ended: ok or failed.',
    labels: ['job', 'outcome'],
  })
  let started: Boss | undefined
  let rescue: { stop(): Promise<void> } | undefined
  let schedules: { stop(): Promise<void> } | undefined

  function add(definition: JobDefinition): void {
    if (started !== undefined) throw new TypeError('Define jobs before jobs.start()')
    if (definitions.has(definition.name)) throw new TypeError(`The job ${definition.name} is defined already`)
    definitions.set(definition.name, definition)
  }

  async function startWorking({ boss, wake }: Boss): Promise<void> {
    for (const definition of definitions.values()) {
      const { name, concurrency } = definition
      await boss.work<Envelope>(
        name,
        {
          localConcurrency: concurrency,
          pollingIntervalSeconds: 5, // while the notification connection is down; else every 30
          heartbeatRefreshSeconds: heartbeatSeconds / 3,
        },
        async ([job]) => {
          try {
            if (job !== undefined) await handle(definition, job)
          } finally {
            wake(name) // whoever was busy heard no notification: look again before going to sleep
          }
        },
      )
    }
    schedules = await startSchedules({
      db,
      boss,
      logger,
      definitions: [...definitions.values()],
      everyMs: confirmSchedulesEveryMs,
      abandonAfterMs: 10 * confirmSchedulesEveryMs,
    })
    rescue = startRescue({
      db,
      logger,
      queues: [...definitions.keys(), CRON_QUEUE],
      everyMs: rescueEveryMs,
      wake,
      supervise: (queue) => boss.supervise(queue),
    })
  }

  async function handle(definition: JobDefinition, job: Job<Envelope>): Promise<void> {
    const { name } = definition
    // A scheduled job comes without an envelope: nobody called it.
    const { data, trace } = job.data ?? {}
    const attempt = job.retryCount + 1
    await withTrace(continueTrace(trace), async () => {
      const startedAt = performance.now()
      let outcome = 'failed'
      try {
        await definition.handler({ id: job.id, data, attempt, signal: job.signal })
        outcome = 'ok'
      } catch (err) {
        const fields = { err, job: name, jobId: job.id, attempt }
        if (attempt > definition.retries) logger.error(fields, 'a job failed for the last time')
        else logger.warn(fields, 'a job failed and will be tried again')
        throw err
      } finally {
        seconds.observe((performance.now() - startedAt) / 1_000, { job: name, outcome })
      }
    })
  }

  return {
    define: (name, jobOptions) => add(toDefinition(name, jobOptions)),
    cron(name, expression, handler, { timezone = 'UTC', ...jobOptions } = {}) {
      const definition = toDefinition(name, { ...jobOptions, handler, singleton: 'waiting_or_running' })
      add({ ...definition, cron: { expression, timezone } })
    },
    async enqueue(executor, name, data, { singletonKey, startAfter } = {}) {
      const definition = definitions.get(name)
      if (started === undefined || definition === undefined) {
        throw new TypeError(`The job ${name} is not defined, or jobs are not started`)
      }
      if (singletonKey !== undefined && definition.singleton === undefined) {
        throw new TypeError(`The job ${name} is not defined as singleton: it takes no singletonKey`)
      }
      const trace = currentTrace()
      const envelope: Envelope = { data, ...(trace === undefined ? {} : { trace: formatTraceparent(trace) }) }
      // pg-boss counts all jobs without a key as one: give each a key of its own.
      const key = singletonKey ?? (definition.singleton === undefined ? undefined : newId())
      const id = await started.boss.send(name, envelope, {
        db: {
          executeSql: (text, values) => executor.query({ text, ...(values === undefined ? {} : { values }) }),
        },
        ...(key === undefined ? {} : { singletonKey: key }),
        ...(startAfter === undefined ? {} : { startAfter }),
      })
      return id ?? undefined
    },
    async start({ work }) {
      if (started !== undefined) return
      const made = createBoss({ db, bus, logger, work })
      await made.boss.start()
      started = made
      await ensureQueues(made.boss, db, [...definitions.values()], heartbeatSeconds)
      if (work) await startWorking(made)
    },
    async stop() {
      await Promise.all([schedules?.stop(), rescue?.stop()])
      schedules = rescue = undefined
      await started?.boss.stop({ graceful: true, timeout: drainMs, close: false })
      started = undefined
    },
  }
}

/** pg-boss's own queue, through which a due schedule becomes a job (timekeeper.ts there). */
const CRON_QUEUE = '__pgboss__send-it'

/** What is stored as a job's data. */
interface Envelope {
  data?: unknown
  trace?: string
}
