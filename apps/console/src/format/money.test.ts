import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatMicros, parseMicros } from './money.ts'

test('millionths are written with the digits that they have, and at least two', () => {
  assert.equal(formatMicros(67_500n, 'USD'), '0.0675 USD')
  assert.equal(formatMicros(50_000_000n, 'EUR'), '50.00 EUR')
  assert.equal(formatMicros(1_234_567_000_001n, ''), '1,234,567.000001')
  assert.equal(formatMicros(-1n, ''), '-0.000001')
})

test('an amount is read with a point or a comma, and everything else is none', () => {
  assert.equal(parseMicros(' 0.0675 '), 67_500n)
  assert.equal(parseMicros('50'), 50_000_000n)
  assert.equal(parseMicros('0,5'), 500_000n)
  for (const text of ['', '-1', '1.', '0.1234567', '1e3', '1 000'])
    assert.equal(parseMicros(text), undefined, text)
})
