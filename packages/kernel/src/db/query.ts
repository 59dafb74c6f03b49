import type { Kysely } from 'kysely'
import type pg from 'pg'
import type { Logger } from 'pino'

/** One statement. With a `name` it is prepared once per connection and planned once: use it on hot paths. */
export interface Query {
  /** At most 63 bytes, and always with the same text: `notify.claim_due`. */
  name?: string
  text: string
  values?: readonly unknown[]
}

export interface QueryResult<R> {
  rows: R[]
  /** Rows returned or changed. */
  rowCount: number
}

/** What can run a statement: the pool (each statement on its own) or a transaction. Reads take either. */
export interface Executor {
  query<R = unknown>(query: Query): Promise<QueryResult<R>>
  /** Typed query builder, for dynamic filters and pages: `executor.kysely<NotifyTables>()`. */
  // biome-ignore lint/suspicious/noExplicitAny: each capability names its own tables; there is no joint type
  kysely<Tables = any>(): Kysely<Tables>
}

/** The part of a logger that the database layer writes to. */
export type DbLog = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>

/** The driver wants a mutable array and no undefined name. */
export function toDriverQuery({ name, text, values }: Query): pg.QueryConfig {
  return name === undefined
    ? { text, values: values as unknown[] }
    : { name, text, values: values as unknown[] }
}
