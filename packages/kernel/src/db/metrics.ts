import type { Metrics } from '../telemetry/index.ts'
import type { Db } from './db.ts'
import type { DbStats } from './stats.ts'

/** Puts a pool's condition on /metrics. `pool` tells several pools of one process apart. Default `main`. */
export function registerDbMetrics(metrics: Metrics, db: Pick<Db, 'stats'>, pool = 'main'): void {
  const connections = metrics.gauge({
    name: 'mainstay_db_connections',
    help: 'Database connections of this process, by what they do.',
    labels: ['pool', 'state'],
  })
  connections.collect(() => {
    const { open, idle } = db.stats()
    connections.set(idle, { pool, state: 'idle' })
    connections.set(open - idle, { pool, state: 'busy' })
  })
  const waiting = metrics.gauge({
    name: 'mainstay_db_waiting',
    help: 'Callers that wait for a free database connection.',
    labels: ['pool'],
  })
  waiting.collect(() => waiting.set(db.stats().waiting, { pool }))
  const limit = metrics.gauge({
    name: 'mainstay_db_connections_max',
    help: 'Most database connections this pool may open.',
    labels: ['pool'],
  })
  limit.collect(() => limit.set(db.stats().max, { pool }))
  count('statements', 'Statements sent to the database.')
  count('transactions', 'Transactions committed.')
  count('retries', 'Transactions tried again after a serialization failure or a deadlock.')
  count('failures', 'Statements and transactions that ended in an error.')

  function count(key: keyof DbStats, help: string): void {
    const counter = metrics.counter({ name: `mainstay_db_${key}_total`, help, labels: ['pool'] })
    let counted = 0
    counter.collect(() => {
      const total = db.stats()[key]
      counter.inc({ pool }, total - counted)
      counted = total
    })
  }
}
