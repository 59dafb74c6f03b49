import { type Clock, type Db, newId } from '@mainstay/kernel'
import type { SharedBreakers } from './breaker.ts'
import { changeBreaker, listBreakers } from './breaker-store.ts'
import type { RoutingTables } from './table.ts'

/** Breakers in the database: every change is announced, so that all workers know it within milliseconds. */
export function createSharedBreakers(deps: {
  db: Db
  clock: Clock
  tables: Pick<RoutingTables, 'invalidate'>
}): SharedBreakers {
  const { db, clock, tables } = deps
  return {
    workerId: newId(),
    change: (projectId, known, next) =>
      db.transaction(async (tx) => {
        if (!(await changeBreaker(tx, projectId, known, next, clock.nowMs()))) return false
        await tables.invalidate(projectId, tx)
        return true
      }),
    read: (projectId) => listBreakers(db, projectId),
  }
}
