import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { newId, toTypeId } from '@mainstay/kernel'
import { waitFor } from '@mainstay/kernel/testing'
import { AbMetric, CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { markSeen } from '../messages/seen-store.ts'
import { ALL_OF_THEM, addRecipients, useCampaigns } from '../testing/campaigns.ts'
import { TEST_PROJECT } from '../testing/ledger.ts'

const { FINISHED } = CampaignState

describe('what a campaign is sent by, and in which words', () => {
  const on = useCampaigns()

  /** Marks messages of a subject as seen, as tracking does. */
  async function mark(subject: string, most: number, clicked: boolean): Promise<void> {
    const rows = await on.read<{ message_id: string }>(
      'SELECT message_id FROM notify.messages WHERE subject = $1 ORDER BY message_id LIMIT $2',
      [subject, most],
    )
    const changed = await markSeen(
      on.db,
      rows.map(({ message_id: messageId }) => ({
        ...{ projectId: TEST_PROJECT, messageId, timeMs: Date.now(), clicked, noteId: newId() },
        ...{ actor: 'recipient', detail: 'it was read' },
      })),
    )
    assert.equal(changed.length, rows.length)
  }

  for (const [metric, name] of [
    [AbMetric.OPENS, 'opened'],
    [AbMetric.CLICKS, 'followed'],
  ] as const) {
    it(`is the variant that was ${name} by most of those who got it, not by most in number`, async () => {
      await addRecipients(on.db, 300)
      const said = (subject: string) =>
        ({ content: { case: 'email', value: { subject, text: 'x' } } }) as const
      const abTest = {
        ...{ variants: [said('one'), said('two')], testPercent: 50, metric },
        decideAfter: { seconds: 3600n },
      }
      await on.run()
      await on.deliver()
      const id = await on.start({ displayName: 'Test', audience: ALL_OF_THEM.audience, abTest })
      await waitFor(async () => (await on.progress(id)).statusDetail.includes('waits for its winner'))
      await waitFor(async () => (await on.progress(id)).queued === 0n)
      // What is seen says nothing where clicks decide.
      if (metric === AbMetric.CLICKS) await mark('one', 1000, false)
      const [{ n = 0 } = {}] = await on.read<{ n: number }>(
        `SELECT count(*)::int AS n FROM notify.messages WHERE subject = 'one'`,
      )
      await mark('one', Math.floor(n / 4), metric === AbMetric.CLICKS)
      await mark('two', Math.floor(n / 2), metric === AbMetric.CLICKS)
      await on.read('UPDATE notify.campaigns SET decide_time = now()')
      await on.waitForState(id, FINISHED)
      const row = await on.parts.campaigns.get(TEST_PROJECT, id)
      assert.equal(row.winner, 2)
      const { variants } = await on.parts.progress.of(row, true)
      const figures = variants.map(({ seen, clicked }) => Number(metric === AbMetric.CLICKS ? clicked : seen))
      assert.deepEqual(figures, [Math.floor(n / 4), Math.floor(n / 2)])
    })
  }

  it('is one account where it is pinned to it, also when that account refuses what another would take', async () => {
    await addRecipients(on.db, 50)
    const pinned = on.addAccount({ priority: 9 })
    pinned.answer = async () => ({ outcome: 'rejected_permanent', reply: '550 no' })
    await on.run()
    await on.deliver()
    const id = await on.start({
      ...ALL_OF_THEM,
      providerAccountId: toTypeId('pac', pinned.providerAccountId),
    })
    const { failed, sent } = await on.waitForState(id, FINISHED)
    assert.deepEqual([failed, sent], [50n, 0n])
    assert.deepEqual([pinned.sent.length, on.account.sent.length], [50, 0])
    const nowhere = { ...ALL_OF_THEM, providerAccountId: toTypeId('pac', newId()) }
    await assert.rejects(on.start(nowhere), { reason: 'notify.request_invalid' })
  })

  it('reaches every living device of a person by push, and counts the person once', async () => {
    await addRecipients(on.db, 3)
    await on.read(
      `INSERT INTO notify.recipient_endpoints (project_id, endpoint_id, recipient_id, channel, address, address_key, platform,
        verified, create_time, last_seen_time, dead_time)
      SELECT $1, gen_random_uuid(), whose, 4, device, device, 'ios', true, now(), now(), CASE WHEN dead THEN now() END
      FROM (VALUES ('r0000001', 'device-1', false), ('r0000001', 'device-2', false), ('r0000001', 'device-3', true),
        ('r0000002', 'device-4', false)) AS d (whose, device, dead)`,
      [TEST_PROJECT],
    )
    on.account.channels = ['push']
    await on.run()
    await on.deliver()
    const push = { title: 'Hello', body: 'There' }
    const id = await on.start({ ...ALL_OF_THEM, content: { content: { case: 'push', value: push } } })
    const progress = await on.waitForState(id, FINISHED)
    assert.deepEqual([progress.total, progress.expanded, progress.sent, progress.skipped], [3n, 3n, 3n, 1n])
    assert.deepEqual(on.account.sent.map(({ to }) => to).sort(), ['device-1', 'device-2', 'device-4'])
    const told = await on.read<{ messages: number }>(
      'SELECT coalesce(cardinality(message_ids), 1) AS messages FROM notify.notifications ORDER BY 1',
    )
    assert.deepEqual(told, [{ messages: 1 }, { messages: 2 }], 'one notification for all devices of somebody')
  })
})
