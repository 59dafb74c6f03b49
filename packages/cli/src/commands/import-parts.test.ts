import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partsOf } from './import-parts.ts'

const users = Array.from({ length: 2500 }, (_, n) => ({ user_id: `auth0|${n}` }))

test('JSON documents and lines are cut by users, and none is lost or split', () => {
  for (const content of [
    JSON.stringify(users),
    JSON.stringify({ realm: 'acme', users }),
    users.map((user) => JSON.stringify(user)).join('\n'),
  ]) {
    const parts = partsOf(content, true)
    assert.equal(parts.length, 3)
    const read = parts.flatMap((part) =>
      part.startsWith('[') ? JSON.parse(part) : part.split('\n').map((line) => JSON.parse(line)),
    )
    assert.deepEqual(read, users)
  }
})

test('a CSV is cut between records, not in a field with line ends, and each part names its columns', () => {
  const rows = users.map(({ user_id }) => `${user_id},"two\nlines ""quoted"""`)
  const parts = partsOf(`user_id,name\n${rows.join('\n')}\n`, true)
  assert.equal(parts.length, 3)
  for (const part of parts) assert.ok(part.startsWith('user_id,name\n'))
  assert.deepEqual(parts.map((part) => part.slice('user_id,name\n'.length)).join('\n'), rows.join('\n'))
  assert.equal(partsOf('1,a\n2,b', false).length, 1)
})

test('what is long is cut before the request is too large', () => {
  const long = Array.from({ length: 10 }, (_, n) => ({ user_id: `${n}`, name: 'x'.repeat(200_000) }))
  assert.equal(partsOf(JSON.stringify(long), true).length, 5)
})
