import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeAnswer, parseRetryAfter } from './http-outcome.ts'

const now = Date.parse('2026-11-22T12:00:00Z')

test('every status has the outcome of the table', () => {
  const table: [number, string][] = [
    [200, 'accepted'],
    [201, 'accepted'],
    [202, 'accepted'],
    [204, 'accepted'],
    [301, 'rejected_transient!'],
    [302, 'rejected_transient!'],
    [307, 'rejected_transient!'],
    [400, 'rejected_permanent'],
    [401, 'rejected_transient!'],
    [402, 'rejected_transient!'],
    [403, 'rejected_transient!'],
    [404, 'rejected_transient!'],
    [405, 'rejected_transient!'],
    [408, 'rejected_transient'],
    [409, 'unknown'],
    [410, 'rejected_transient!'],
    [413, 'rejected_permanent'],
    [422, 'rejected_permanent'],
    [425, 'rejected_transient'],
    [429, 'rejected_transient'],
    [500, 'unknown'],
    [502, 'unknown'],
    [503, 'rejected_transient'],
    [504, 'unknown'],
    [599, 'unknown'],
  ]
  for (const [status, expected] of table) {
    const result = judgeAnswer({ status, headers: {}, body: '' }, now)
    assert.equal(`${result.outcome}${'accountFault' in result ? '!' : ''}`, expected, String(status))
  }
})

test('Retry-After is read as seconds or as a date, and bounded by a day', () => {
  assert.equal(parseRetryAfter('120', now), 120_000)
  assert.equal(parseRetryAfter('Sun, 22 Nov 2026 12:00:30 GMT', now), 30_000)
  assert.equal(parseRetryAfter('Sun, 22 Nov 2020 12:00:30 GMT', now), 0)
  assert.equal(parseRetryAfter('9999999999', now), 86_400_000)
  assert.equal(parseRetryAfter('soon', now), undefined)
  assert.equal(parseRetryAfter(undefined, now), undefined)
  const result = judgeAnswer({ status: 429, headers: { 'retry-after': '7' }, body: 'slow down' }, now)
  assert.deepEqual(result, {
    outcome: 'rejected_transient',
    reply: 'HTTP 429: slow down',
    retryAfterMs: 7000,
  })
})
