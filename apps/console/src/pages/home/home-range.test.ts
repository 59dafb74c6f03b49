import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRange, windowOf } from './home-range.ts'

test('a window begins and ends on whole spans and holds the one under way', () => {
  const now = Date.parse('2026-11-22T12:34:56.789Z')
  const { startMs, endMs, points } = windowOf('1h', now)
  assert.equal(new Date(endMs).toISOString(), '2026-11-22T12:35:00.000Z')
  assert.equal(new Date(startMs).toISOString(), '2026-11-22T11:34:00.000Z')
  assert.equal((endMs - startMs) / 60_000, points)
})

test('a window stays the same until its span is over', () => {
  const start = Date.parse('2026-11-22T12:00:00.000Z')
  assert.deepEqual(windowOf('24h', start), windowOf('24h', start + 899_999))
  assert.notDeepEqual(windowOf('24h', start), windowOf('24h', start + 900_000))
})

test('an unknown range in the address reads as the last hour', () => {
  assert.equal(readRange('2y'), '1h')
  assert.equal(readRange(null), '1h')
  assert.equal(readRange('7d'), '7d')
})
