import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromTypeId, idTimeMs } from '@mainstay/kernel'
import { newRequestId } from './request-id.ts'

test('a request id is a UUIDv7 in TypeID form, of its time, and each is another', () => {
  const nowMs = Date.UTC(2026, 4, 3)
  const ids = Array.from({ length: 5000 }, (_, i) => newRequestId(nowMs + (i % 7)))
  assert.equal(new Set(ids).size, ids.length)
  for (const [i, id] of ids.entries()) {
    const uuid = fromTypeId('req', id) ?? ''
    assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(idTimeMs(uuid), nowMs + (i % 7))
  }
})
