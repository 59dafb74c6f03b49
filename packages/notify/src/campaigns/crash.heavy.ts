import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crashCampaignAndCheck } from '../testing/crash-campaign.ts'

describe('a campaign by three processes that are killed about every second', () => {
  it('tells each of 50,000 people exactly once, and its counters are exact', async (t) => {
    const report = await crashCampaignAndCheck({
      messages: 50_000,
      workers: 3,
      killEveryMs: 1000,
      leaseMs: 2000,
      timeoutMs: 600_000,
    })
    t.diagnostic(JSON.stringify(report))
    assert.ok(report.kills >= 5, 'processes were killed')
    assert.ok(report.pauses > 0, 'it was paused')
  })
})
