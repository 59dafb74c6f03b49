import assert from 'node:assert/strict'
import { test } from 'node:test'
import { useTestDatabase } from './index.ts'

const database = useTestDatabase()

test('a test file gets a database of its own', async () => {
  const { rows } = await database.db.query<{ name: string; count: bigint }>({
    text: `SELECT current_database() AS name, count(*) FROM generate_series(1, 3)`,
  })
  assert.match(rows[0]?.name ?? '', /^test_/)
  assert.equal(rows[0]?.count, 3n)
})
