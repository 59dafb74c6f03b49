import { Logger, type Runner, run, runMigrations } from 'graphile-worker'
import pg from 'pg'
import type { Contender, ContenderOptions, Payload } from './contender.ts'
import { createPost } from './post.ts'

const CONCURRENCY = 100

/** graphile-worker with what its performance guide recommends: a local queue and batched completion. */
export function createContender(): Contender {
  let options: ContenderOptions
  let pool: pg.Pool
  let runner: Runner | undefined
  let http: ReturnType<typeof createPost>
  return {
    async prepare(given) {
      options = given
      pool = new pg.Pool({ connectionString: options.url, max: 10 })
      pool.on('error', noteError)
      pool.on('connect', (client) => client.on('error', noteError))
      http = createPost(options.sinkUrl, CONCURRENCY)
      await runMigrations({ pgPool: pool })
    },
    async enqueue(payloads) {
      await pool.query(
        `SELECT graphile_worker.add_jobs(array(
          SELECT json_populate_record(null::graphile_worker.job_spec,
            json_build_object('identifier', 'deliver', 'payload', p)) FROM json_array_elements($1::json) AS p))`,
        [JSON.stringify(payloads)],
      )
    },
    async start() {
      runner = await run({
        pgPool: pool,
        noHandleSignals: true,
        preset: {
          worker: {
            concurrentJobs: CONCURRENCY,
            maxPoolSize: 10,
            localQueue: { size: 500 },
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
            logger: silent,
          },
        },
        taskList: {
          deliver: async (payload, { job }) => await http.post(payload as Payload, String(job.id)),
        },
      })
    },
    async remaining() {
      const { rows } = await pool.query('SELECT count(*)::int AS n FROM graphile_worker._private_jobs')
      return rows[0].n
    },
    async stop() {
      await runner?.stop()
      await http.close()
      await pool.end()
    },
  }
}

const silent = new Logger(() => () => {})

function noteError(error: Error): void {
  process.stderr.write(`graphile-worker: ${error.message}\n`)
}
