import { Logger, makeWorkerUtils, type WorkerUtils } from 'graphile-worker'
import pg from 'pg'
import { PEER_CONNECTIONS, type Peer } from './peer.ts'

/** graphile-worker's `addJob`: one statement and one commit a job; PostgreSQL lets its connections share a flush. */
export function createPeer(): Peer {
  let pool: pg.Pool
  let utils: WorkerUtils
  return {
    async prepare(url) {
      pool = new pg.Pool({ connectionString: url, max: PEER_CONNECTIONS })
      const complain = (error: Error) => process.stderr.write(`${error}\n`)
      pool.on('error', complain)
      pool.on('connect', (client) => client.on('error', complain))
      utils = await makeWorkerUtils({ pgPool: pool, logger: new Logger(() => () => {}) })
      await utils.migrate()
    },
    add: (payload) => utils.addJob('send', payload, { maxAttempts: 5 }),
    async count() {
      const { rows } = await pool.query('SELECT count(*)::int AS n FROM graphile_worker._private_jobs')
      return rows[0].n
    },
    async stop() {
      await utils.release()
      await pool.end()
    },
  }
}
