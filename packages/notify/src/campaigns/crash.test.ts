import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crashCampaignAndCheck } from '../testing/crash-campaign.ts'

describe('a campaign whose processes are killed at random, and which is paused and resumed meanwhile', () => {
  it('tells everybody exactly once, and its counters are exact (1,000 people; crash.heavy.ts has 50,000)', async () => {
    const report = await crashCampaignAndCheck({
      messages: 1_000,
      workers: 2,
      killEveryMs: 400,
      mostKills: 3,
      leaseMs: 1000,
      timeoutMs: 120_000,
    })
    assert.ok(report.kills > 0, 'somebody was killed')
  })
})
