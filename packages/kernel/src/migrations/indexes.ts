import type { ClientBase } from 'pg'
import { Words } from './sql-words.ts'
import { splitStatements } from './tokenize.ts'

/** The indexes a file builds CONCURRENTLY, as schema and name (the schema is its table's: an index has no other). */
function concurrentIndexes(sql: string): { schema: string; name: string }[] {
  const found: { schema: string; name: string }[] = []
  for (const { tokens } of splitStatements(sql)) {
    const words = new Words(tokens)
    const at = words.find('index concurrently')
    if (!words.is(0, 'create') || at < 0) continue
    const { name } = words.name(words.skip(at + 2, 'if not exists'))
    const table = words.name(words.skip(words.find('on', at) + 1, 'only')).name
    const [schema, rest] = table.split('.')
    if (schema !== undefined && rest !== undefined) found.push({ schema, name })
  }
  return found
}

/**
 * A CREATE INDEX CONCURRENTLY that was killed leaves an index that is kept up to date but never used, and that
 * IF NOT EXISTS takes for the real one. Before a second try, such leftovers of this file are dropped.
 */
export async function dropInvalidIndexes(client: ClientBase, sql: string): Promise<void> {
  for (const { schema, name } of concurrentIndexes(sql)) {
    const { rows } = await client.query(
      `SELECT format('%I.%I', n.nspname, c.relname) AS index
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $1 AND c.relname = $2 AND NOT i.indisvalid`,
      [schema, name],
    )
    for (const row of rows) await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${row.index}`)
  }
}
