import type pg from 'pg'

/** A pool's condition, for /metrics and the console. Counters grow from the start of the process. */
export interface DbStats {
  /** Connections now: open, idle, and callers waiting for one. */
  open: number
  idle: number
  waiting: number
  max: number
  statements: number
  transactions: number
  /** Attempts repeated after a serialization failure or a deadlock. */
  retries: number
  /** Statements and transactions that ended in an error. */
  failures: number
}

export interface DbCounters {
  statements: number
  transactions: number
  retries: number
  failures: number
  read(): DbStats
}

export function createCounters(pool: pg.Pool): DbCounters {
  const counters: DbCounters = {
    statements: 0,
    transactions: 0,
    retries: 0,
    failures: 0,
    read: () => ({
      open: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      max: pool.options.max,
      statements: counters.statements,
      transactions: counters.transactions,
      retries: counters.retries,
      failures: counters.failures,
    }),
  }
  return counters
}
