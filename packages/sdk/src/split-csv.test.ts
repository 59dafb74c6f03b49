import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitCsv } from './split-csv.ts'

test('a file is cut between rows, each part with the header and its place in the file', () => {
  const rows = Array.from({ length: 12_000 }, (_, index) => `person${index}@example.com,"line one\nline two"`)
  const parts = splitCsv(`email,note\n${rows.join('\n')}`)
  assert.equal(parts[0]?.firstLine, 2)
  assert.ok(parts.length >= 3)
  assert.ok(parts.every(({ csv }) => csv.startsWith('email,note\nperson')))
  const second = parts[1]
  const first = parts[0]
  assert.equal(second?.firstLine, 2 + 2 * (first?.csv.match(/person/g) ?? []).length)
  const people = parts.flatMap(({ csv }) => csv.match(/person\d+@/g) ?? [])
  assert.equal(people.length, 12_000)
  assert.deepEqual(splitCsv(''), [])
  assert.deepEqual(splitCsv('email\n'), [])
})
