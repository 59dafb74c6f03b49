import { PgBoss } from 'pg-boss'
import type { Contender, ContenderOptions, Payload } from './contender.ts'
import { createPost } from './post.ts'

const BATCH = 250
const WORKERS = 4

/** pg-boss in its fastest mode: several workers, large batches, and no waiting while batches come back full. */
export function createContender(): Contender {
  let options: ContenderOptions
  let boss: PgBoss
  let http: ReturnType<typeof createPost>
  return {
    async prepare(given) {
      options = given
      boss = new PgBoss({ connectionString: options.url, max: 10, supervise: false, schedule: false })
      boss.on('error', (error) => process.stderr.write(`${error}\n`))
      http = createPost(options.sinkUrl, BATCH)
      await boss.start()
      await boss.createQueue('deliver', { retryLimit: 5 })
    },
    async enqueue(payloads) {
      await boss.insert(
        'deliver',
        payloads.map((data) => ({ data })),
      )
    },
    async start() {
      await boss.work<Payload>(
        'deliver',
        {
          batchSize: BATCH,
          localConcurrency: WORKERS,
          pollingIntervalSeconds: 0.5,
          burstWhenBatchFull: true,
        },
        async (jobs) => {
          await Promise.all(jobs.map((job) => http.post(job.data, job.id)))
        },
      )
    },
    async remaining() {
      const { rows } = await boss
        .getDb()
        .executeSql(
          `SELECT count(*)::int AS n FROM pgboss.job WHERE name = 'deliver' AND state < 'completed'`,
        )
      return rows[0].n
    },
    async stop() {
      await boss.stop({ graceful: false })
      await http.close()
    },
  }
}
