import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely'
import { wrapDatabaseError } from './errors.ts'

/**
 * A query builder over a source of connections. Its errors are wrapped like everybody else's, and it may not open
 * transactions: those go through `db.transaction`, which retries, counts and runs `afterCommit`.
 */
// biome-ignore lint/suspicious/noExplicitAny: the tables are named where it is used
export function createKysely(connect: () => Promise<PostgresPoolClient>): Kysely<any> {
  const pool = {
    options: {},
    connect: async () => guard(await connect().catch(rethrowWrapped)),
    end: async () => {},
  }
  return new Kysely({ dialect: new PostgresDialect({ pool }) })
}

function guard(client: PostgresPoolClient): PostgresPoolClient {
  const query: PostgresPoolClient['query'] = (text: unknown, values?: readonly unknown[]) => {
    if (typeof text === 'string' && /^\s*(begin|start transaction)/i.test(text)) {
      throw new TypeError('Open transactions with db.transaction(fn), not through the query builder')
    }
    return client.query(text as string, values as unknown[]).catch(rethrowWrapped) as never
  }
  return { query, release: (discard?: boolean) => client.release(discard ?? false) }
}

function rethrowWrapped(error: unknown): never {
  throw wrapDatabaseError(error)
}
