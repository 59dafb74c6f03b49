import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crashAndCheck } from '../testing/crash.ts'
import { crashAndCheckKeyed } from '../testing/crash-keyed.ts'

describe('workers that are killed at random', () => {
  it('lose nothing, and send nothing twice but what is flagged (500 messages; crash.heavy.ts has 20,000)', async () => {
    const report = await crashAndCheck({
      messages: 500,
      workers: 2,
      killEveryMs: 200,
      mostKills: 4,
      leaseMs: 1000,
      timeoutMs: 60_000,
    })
    assert.ok(report.kills > 0, 'somebody was killed')
    assert.equal(report.sent + report.parked, 500)
  })

  it('need no review and no flag where the provider takes idempotency keys', async () => {
    const report = await crashAndCheckKeyed({
      messages: 500,
      workers: 2,
      killEveryMs: 200,
      mostKills: 4,
      leaseMs: 1000,
      timeoutMs: 60_000,
    })
    assert.ok(report.kills > 0, 'somebody was killed')
    assert.ok(report.lostAnswers > 0, 'answers were lost')
  })
})
