import { setTimeout as delay } from 'node:timers/promises'
import type { Db } from '../db/index.ts'
import type { Logger } from '../telemetry/index.ts'

export interface RescueOptions {
  db: Db
  logger: Logger
  queues: readonly string[]
  everyMs: number
  /** Lets this process's workers of the queue look for jobs. */
  wake(queue: string): void
  /** Has pg-boss fail the jobs whose workers went silent, so that they are tried again. */
  supervise(queue: string): Promise<void>
}

/**
 * Looks, in one cheap statement for all queues, for what no notification tells of: jobs whose time has come (delayed
 * ones, retries) and jobs whose worker has died. It takes the place of a poll by every worker of every queue, and of a
 * full supervision every few seconds.
 */
export function startRescue({ db, logger, queues, everyMs, wake, supervise }: RescueOptions): {
  stop(): Promise<void>
} {
  const stopping = new AbortController()

  async function look(): Promise<void> {
    const { rows } = await db.query<{ name: string; due: boolean; lost: boolean }>({
      name: 'jobs.rescue',
      text: LOOK,
      values: [queues],
    })
    for (const { name, due, lost } of rows) {
      if (lost) await supervise(name)
      if (due || lost) wake(name)
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await look().catch((err: unknown) => logger.warn({ err }, 'jobs that are due could not be looked for'))
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => {}) // aborted: stopping
    }
  }

  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

const LOOK = `
  SELECT q.name,
    EXISTS (SELECT FROM pgboss.job_common j
            WHERE j.name = q.name AND j.state < 'active' AND NOT j.blocked AND j.start_after <= now()) AS due,
    EXISTS (SELECT FROM pgboss.job_common j
            WHERE j.name = q.name AND j.state = 'active'
              AND j.heartbeat_on + j.heartbeat_seconds * interval '1 second' < now()) AS lost
  FROM unnest($1::text[]) AS q (name)`
