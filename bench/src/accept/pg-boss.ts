import { PgBoss } from 'pg-boss'
import { PEER_CONNECTIONS, type Peer } from './peer.ts'

const QUEUE = 'accept'

/** pg-boss's `send`: one statement and one commit a job, without the maintenance that would run beside it. */
export function createPeer(): Peer {
  let boss: PgBoss
  return {
    async prepare(url) {
      boss = new PgBoss({ connectionString: url, max: PEER_CONNECTIONS, supervise: false, schedule: false })
      boss.on('error', (error) => process.stderr.write(`${error}\n`))
      await boss.start()
      await boss.createQueue(QUEUE, { retryLimit: 5 })
    },
    add: (payload) => boss.send(QUEUE, payload),
    async count() {
      const { rows } = await boss
        .getDb()
        .executeSql(`SELECT count(*)::int AS n FROM pgboss.job WHERE name = '${QUEUE}'`)
      return rows[0].n
    },
    stop: () => boss.stop({ graceful: false }),
  }
}
