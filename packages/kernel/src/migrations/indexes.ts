import type { ClientBase } from 'pg'
import { splitStatements, type Token } from './tokenize.ts'

/** The indexes a file builds CONCURRENTLY, as schema and name (the schema is its table's: an index has no other). */
export function concurrentIndexes(sql: string): { schema: string; name: string }[] {
  const found: { schema: string; name: string }[] = []
  for (const { tokens } of splitStatements(sql)) {
    const at = tokens.findIndex((token) => is(token, 'concurrently'))
    if (!is(tokens[0], 'create') || at < 0 || !is(tokens[at - 1], 'index')) continue
    let next = at + 1
    if (is(tokens[next], 'if')) next += 3
    const name = tokens[next]
    const on = tokens.findIndex((token, index) => index > next && is(token, 'on'))
    const schemaAt = is(tokens[on + 1], 'only') ? on + 2 : on + 1
    const schema = tokens[schemaAt + 1]?.text === '.' ? tokens[schemaAt] : undefined
    if (name !== undefined && schema !== undefined) {
      found.push({ schema: identifier(schema), name: identifier(name) })
    }
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

function is(token: Token | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text.toLowerCase() === word
}

/** Unquoted names fold to lower case; quoted ones lose their quotes. */
function identifier(token: Token): string {
  if (token.kind !== 'quoted') return token.text.toLowerCase()
  return token.text.slice(1, -1).replaceAll('""', '"')
}
