import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDuration } from './duration.ts'
import { formatBytes, formatCompact, formatShare } from './number.ts'
import { formatRelative } from './time.ts'

test('durations keep the digits that matter', () => {
  const cases: [ms: number, text: string][] = [
    [0, '0 ms'],
    [0.42, '0.4 ms'],
    [38, '38 ms'],
    [999, '999 ms'],
    [1_240, '1.24 s'],
    [31_400, '31.4 s'],
    [125_000, '2 min 5 s'],
    [120_000, '2 min'],
    [11_400_000, '3 h 10 min'],
    [187_200_000, '2 d 4 h'],
  ]
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text)
})

test('times near now are relative, both ways; older ones are dates', () => {
  const now = Date.parse('2026-11-22T12:00:00Z')
  assert.equal(formatRelative(now - 400, now), 'now')
  assert.equal(formatRelative(now - 12_000, now), '12 s ago')
  assert.equal(formatRelative(now - 4 * 60_000, now), '4 min ago')
  assert.equal(formatRelative(now - 3 * 3_600_000, now), '3 h ago')
  assert.equal(formatRelative(now + 90_000, now), 'in 1 min')
  assert.equal(formatRelative(now - 10 * 86_400_000, now), '12 Nov')
  assert.equal(formatRelative(now - 400 * 86_400_000, now), '18 Oct 2025')
})

test('a share that is not nothing never reads as nothing', () => {
  assert.equal(formatShare(1, 100_000), '<0.1%')
  assert.equal(formatShare(0, 10), '0%')
  assert.equal(formatShare(0, 0), '–')
  assert.equal(formatShare(1, 8), '12.5%')
})

test('counts and sizes stay short', () => {
  assert.equal(formatCompact(9_999), '9,999')
  assert.equal(formatCompact(48_211), '48.2k')
  assert.equal(formatBytes(512n), '512 B')
  assert.equal(formatBytes(2_150), '2.1 KB')
  assert.equal(formatBytes(184_221_696n), '176 MB')
})
