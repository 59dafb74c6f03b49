export { createDb, type Db, type DbOptions } from './db.ts'
export {
  databaseErrorOf,
  isCheckViolation,
  isForeignKeyViolation,
  isUniqueViolation,
  sqlState,
  wrapDatabaseError,
} from './errors.ts'
export { registerDbMetrics } from './metrics.ts'
export type { DbLog, Executor, Query, QueryResult } from './query.ts'
export type { DbStats } from './stats.ts'
export type { TransactionOptions, Tx } from './transaction.ts'
