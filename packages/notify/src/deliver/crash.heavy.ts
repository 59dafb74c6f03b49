import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crashAndCheck } from '../testing/crash.ts'
import { crashAndCheckKeyed } from '../testing/crash-keyed.ts'

describe('three workers that are killed about every second', () => {
  it('lose none of 20,000 messages, and send none twice but what is flagged', async (t) => {
    const report = await crashAndCheck({
      messages: 20_000,
      workers: 3,
      killEveryMs: 1000,
      leaseMs: 2000,
      timeoutMs: 600_000,
    })
    t.diagnostic(JSON.stringify(report))
    assert.ok(report.kills >= 5, 'workers were killed')
    assert.ok(report.lostAnswers > 0, 'answers were lost')
    assert.ok(
      report.duplicates > 0,
      'the test is worth something: some messages came twice, all of them flagged',
    )
    assert.equal(report.sent + report.parked, 20_000)
  })

  it('need no review and no flag where the provider takes idempotency keys', async (t) => {
    const report = await crashAndCheckKeyed({
      messages: 20_000,
      workers: 3,
      killEveryMs: 1000,
      leaseMs: 2000,
      timeoutMs: 600_000,
    })
    t.diagnostic(JSON.stringify(report))
    assert.ok(report.kills >= 5, 'workers were killed')
    assert.ok(report.lostAnswers > 0 && report.calls > 20_000, 'answers were lost and asked for again')
  })
})
