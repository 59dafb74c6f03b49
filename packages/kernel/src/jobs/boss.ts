import pg from 'pg'
import { PgBoss } from 'pg-boss'
import type { Bus } from '../bus/index.ts'
import type { Db } from '../db/index.ts'
import type { Logger } from '../telemetry/index.ts'

/** The schema of migration 0002. */
export const SCHEMA = 'pgboss'

export interface BossOptions {
  db: Db
  bus: Bus
  logger: Logger
  /** Whether this process works on jobs, or only enqueues them. */
  work: boolean
}

export interface Boss {
  readonly boss: PgBoss
  /** Makes this process's workers of a queue look for jobs now. */
  wake(queue: string): void
}

/**
 * pg-boss on our pool and our notification connection: it opens none of its own. Its tables are a migration of ours, so
 * it makes and migrates nothing when it starts; a version that wants other tables refuses to start.
 *
 * It is kept quiet: workers are woken by notifications and by rescue.ts, and look for themselves only twice a minute.
 */
export function createBoss({ db, bus, logger, work }: BossOptions): Boss {
  let wake = (_queue: string): void => {}
  const boss = new PgBoss({
    schema: SCHEMA,
    migrate: false,
    createSchema: false,
    supervise: work,
    schedule: work,
    useListenNotify: work,
    superviseIntervalSeconds: 60,
    // How close together two supervisions of one queue may be: rescue.ts asks for one when a worker has died.
    monitorIntervalSeconds: 1,
    cronMonitorIntervalSeconds: 30,
    cronWorkerIntervalSeconds: 30,
    registerInstance: false,
    openTelemetry: { enabled: false },
    db: {
      async executeSql(text, values) {
        // Types as pg-boss expects them, not as ours are parsed.
        return await db.pool.query({ text, types: pg.types, ...(values === undefined ? {} : { values }) })
      },
      async listen(channel, onNotification, onReconnect) {
        wake = onNotification
        const stopListening = await bus.listen(channel, onNotification)
        const stopWaiting = bus.onReconnect(onReconnect)
        return {
          async close() {
            stopListening()
            stopWaiting()
          },
        }
      },
    },
  })
  boss.on('error', (err) => logger.warn({ err }, 'pg-boss reports an error'))
  boss.on('warning', ({ message, data }) => logger.warn({ data }, message))
  return { boss, wake: (queue) => wake(queue) }
}
