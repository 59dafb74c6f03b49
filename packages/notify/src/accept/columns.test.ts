import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { useTestDatabase } from '@mainstay/kernel/testing'
import fc from 'fast-check'
import {
  booleanColumn,
  bytesColumn,
  integerColumn,
  smallintColumn,
  textColumn,
  timeColumn,
  uuidColumn,
} from './columns.ts'

describe('columns in PostgreSQL’s binary format', () => {
  const database = useTestDatabase()

  const columns: Record<string, { write: (values: never[]) => Buffer; values: fc.Arbitrary<unknown> }> = {
    uuid: { write: uuidColumn, values: fc.uuid() },
    int2: { write: smallintColumn, values: fc.integer({ min: -32_768, max: 32_767 }) },
    int4: { write: integerColumn, values: fc.integer() },
    bool: { write: booleanColumn, values: fc.boolean() },
    // PostgreSQL's text holds every character but U+0000; a lone surrogate is none.
    text: {
      write: textColumn,
      values: fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
    },
    bytea: {
      write: bytesColumn,
      values: fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
    },
  }

  for (const [type, { write, values }] of Object.entries(columns)) {
    it(`carries ${type} values and nulls as they are, and in order`, async () => {
      const lists = fc.array(fc.option(values), { minLength: 1, maxLength: 50 })
      await fc.assert(
        fc.asyncProperty(lists, async (list) => {
          const { rows } = await database.db.query<{ value: unknown }>({
            name: `columns.${type}`,
            text: `SELECT value FROM unnest($1::${type}[]) WITH ORDINALITY AS t (value, n) ORDER BY n`,
            values: [write(list as never[])],
          })
          assert.deepEqual(
            rows.map((row) => row.value),
            list,
          )
        }),
        { numRuns: 30 },
      )
    })
  }

  it('carries times to the millisecond, before and after 2000', async () => {
    const times = [0, 1, 946_684_799_999, 946_684_800_000, 1_764_000_000_123, 253_402_300_799_999, null]
    const { rows } = await database.db.query<{ value: Date | null }>({
      text: 'SELECT value FROM unnest($1::timestamptz[]) WITH ORDINALITY AS t (value, n) ORDER BY n',
      values: [timeColumn(times)],
    })
    assert.deepEqual(
      rows.map((row) => row.value?.getTime() ?? null),
      times,
    )
  })

  it('carries an empty list', async () => {
    const { rows } = await database.db.query<{ n: number }>({
      text: 'SELECT cardinality($1::text[]) AS n',
      values: [textColumn([])],
    })
    assert.equal(rows[0]?.n, 0)
  })
})
