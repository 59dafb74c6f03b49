import { setTimeout as delay } from 'node:timers/promises'
import type { Db } from '../db/index.ts'
import type { Logger } from '../telemetry/index.ts'
import type { Boss } from './boss.ts'
import type { JobDefinition } from './definition.ts'

export interface SchedulesOptions {
  db: Db
  boss: Boss['boss']
  logger: Logger
  definitions: readonly JobDefinition[]
  /** How often to confirm what this process declares. */
  everyMs: number
  /** For how long nobody must have confirmed a schedule before it is removed: many times `everyMs`. */
  abandonAfterMs: number
}

/**
 * Writes this process's schedules, confirms them again and again, and removes those that nobody confirms any more:
 * their cron was renamed or taken out of the code.
 *
 * A schedule that we do not declare may be one of an older or newer program that runs beside us while a new version is
 * rolled out, so not knowing it is no reason to remove it; that no process has confirmed it for a while is. Should one be
 * removed too early all the same (every process that knows it was down, or hung), the next confirmation writes it anew.
 */
export async function startSchedules(options: SchedulesOptions): Promise<{ stop(): Promise<void> }> {
  const { db, boss, logger, definitions, everyMs, abandonAfterMs } = options
  const stopping = new AbortController()
  const names = definitions.filter(({ cron }) => cron !== undefined).map(({ name }) => name)

  async function write(missing: ReadonlySet<string>): Promise<void> {
    for (const { name, cron } of definitions) {
      if (cron === undefined || !missing.has(name)) continue
      await boss.schedule(name, cron.expression, null, {
        tz: cron.timezone,
        singletonKey: name,
        missed: 'once',
      })
    }
  }

  async function confirm(): Promise<void> {
    const { rows } = await db.query<{ name: string }>({ text: CONFIRM, values: [names] })
    const missing = new Set(names)
    for (const { name } of rows) missing.delete(name)
    await write(missing)
    await removeAbandoned()
  }

  async function removeAbandoned(): Promise<void> {
    const { rows } = await db.query<{ name: string }>({ text: REMOVE, values: [names, abandonAfterMs] })
    for (const { name } of rows)
      logger.info({ job: name }, 'a schedule that no program declares any more was removed')
  }

  async function run(): Promise<void> {
    for (;;) {
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => {}) // aborted: stopping
      if (stopping.signal.aborted) return
      await confirm().catch((err: unknown) => logger.warn({ err }, 'schedules could not be confirmed'))
    }
  }

  await write(new Set(names))
  await removeAbandoned()
  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

const CONFIRM = `
  UPDATE pgboss.schedule SET updated_on = pgboss.job_now() WHERE name = ANY ($1) RETURNING name`

const REMOVE = `
  DELETE FROM pgboss.schedule
  WHERE name <> ALL ($1) AND updated_on < pgboss.job_now() - $2::float8 * interval '1 millisecond'
  RETURNING name`
