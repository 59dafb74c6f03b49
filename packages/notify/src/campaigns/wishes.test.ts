import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { waitFor } from '@mainstay/kernel/testing'
import { AbMetric, CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { ALL_OF_THEM, addRecipients, useCampaigns } from '../testing/campaigns.ts'
import { TEST_PROJECT } from '../testing/ledger.ts'

const { RUNNING, FINISHED } = CampaignState

describe('whom a campaign tells, and when', () => {
  const on = useCampaigns()

  async function addCategory(dayCap = 0): Promise<void> {
    await on.read(`INSERT INTO notify.categories (project_id, category, display_name, description, mandatory, quiet_hours, day_cap,
      revision, create_time, update_time) VALUES ('${TEST_PROJECT}', 'offers', 'Offers', '', false, true, ${dayCap}, 1, now(), now())`)
  }

  it('skips those who do not want its category, and counts for frequency caps', async () => {
    await addCategory(1)
    await addRecipients(on.db, 10)
    await on.read(`INSERT INTO notify.preferences (project_id, live, recipient_id, category, channel, enabled, actor, source,
      update_time) VALUES ('${TEST_PROJECT}', true, 'r0000002', 'offers', 0, false, 'recipient', 2, now())`)
    await on.run()
    await on.deliver()
    const first = await on.start({ ...ALL_OF_THEM, category: 'offers' })
    const told = await on.waitForState(first, FINISHED)
    assert.deepEqual([told.total, told.sent, told.skipped], [10n, 9n, 1n])
    const second = await on.start({ ...ALL_OF_THEM, category: 'offers' })
    const capped = await on.waitForState(second, FINISHED)
    assert.deepEqual([capped.sent, capped.skipped], [0n, 10n])
    const skipped = await on.read<{ detail: string }>(
      `SELECT DISTINCT status_detail AS detail FROM notify.messages WHERE state = 10 ORDER BY 1`,
    )
    assert.match(skipped.map(({ detail }) => detail).join('\n'), /frequency cap(.|\n)*switched off "Offers"/)
    await assert.rejects(on.start({ ...ALL_OF_THEM, category: 'nothing' }), {
      reason: 'notify.category_not_found',
    })
  })

  it('puts those in their quiet hours into a chunk that opens when these end, and nothing into the queue', async () => {
    await addRecipients(on.db, 10)
    // It is quiet for all of the day in UTC but for the minute before this one, and never for those who say so.
    const minute = (new Date().getUTCHours() * 60 + new Date().getUTCMinutes() + 1439) % 1440
    const windows = JSON.stringify([{ start: (minute + 1) % 1440, end: minute, days: [] }])
    await on.read(
      `INSERT INTO notify.contact_settings (project_id, quiet_windows, update_time) VALUES ($1, $2::jsonb, now())`,
      [TEST_PROJECT, windows],
    )
    await on.read(`INSERT INTO notify.recipient_quiet_hours (project_id, live, recipient_id, windows, actor, update_time)
      SELECT project_id, true, recipient_id, '[]', 'recipient', now() FROM notify.recipients WHERE recipient_id < 'r0000004'`)
    await on.run()
    await on.deliver()
    const id = await on.start()
    await waitFor(async () => (await on.progress(id)).sent === 4n)
    assert.equal((await on.progress(id)).state, RUNNING)
    const waiting = await on.read<{ size: number; later: boolean }>(
      'SELECT size, open_time > now() AS later FROM notify.campaign_chunks WHERE done_count < size',
    )
    assert.deepEqual(waiting, [{ size: 6, later: true }])
    assert.deepEqual(await on.read('SELECT FROM notify.delivery_queue'), [])
    await on.read('TRUNCATE notify.contact_settings')
    await on.read('UPDATE notify.campaign_chunks SET open_time = now()')
    assert.equal((await on.waitForState(id, FINISHED)).sent, 10n)
  })

  it('keeps to its hours in the timezone of each', async () => {
    await addRecipients(on.db, 6)
    // Where it is 12 o'clock now, give or take half an hour, and the other side of the world.
    const offset = 12 - new Date().getUTCHours()
    const zone = (hours: number) => `Etc/GMT${hours <= 0 ? '+' : '-'}${Math.abs(hours)}`
    const noon = zone(offset)
    const midnight = zone(offset > 0 ? offset - 12 : offset + 12)
    await on.read(
      `UPDATE notify.recipients SET timezone = CASE WHEN recipient_id < 'r0000002' THEN $1 ELSE $2 END`,
      [noon, midnight],
    )
    await on.run()
    await on.deliver()
    const id = await on.start({ ...ALL_OF_THEM, sendWindow: { start: '10:00', end: '15:00' } })
    await waitFor(async () => (await on.progress(id)).sent === 2n)
    const chunks = await on.read<{ timezone: string; hours: number }>(
      `SELECT timezone, extract(epoch FROM open_time - now()) / 3600 AS hours FROM notify.campaign_chunks WHERE done_count < size`,
    )
    assert.equal(chunks[0]?.timezone, midnight)
    assert.ok(Number(chunks[0]?.hours) > 8 && Number(chunks[0]?.hours) < 12, `${chunks[0]?.hours} hours`)
    await on.parts.campaigns.cancel(on.act, id)
  })

  it('keeps to its speed, all processes together', async () => {
    await addRecipients(on.db, 400)
    await Promise.all([on.run(), on.run(), on.run()])
    await on.deliver()
    const startedAt = performance.now()
    const id = await on.start({ ...ALL_OF_THEM, messagesPerSecond: 100 })
    await on.waitForState(id, FINISHED)
    const seconds = (performance.now() - startedAt) / 1000
    assert.ok(seconds > 2.9, `400 at 100 a second took ${seconds} s`)
    const [spread] = await on.read<{ most: number }>(
      `SELECT max(n)::int AS most FROM (SELECT count(*) AS n FROM notify.messages GROUP BY date_trunc('second', send_time)) s`,
    )
    assert.ok((spread?.most ?? 0) <= 101, `${spread?.most} in a second`)
  })

  it('tests variants on a part, the same however often it is asked, and tells the rest what did best', async () => {
    await addRecipients(on.db, 1000)
    const said = (subject: string) => ({ content: { case: 'email', value: { subject, text: 'x' } } }) as const
    const abTest = {
      variants: [said('one'), said('two')],
      testPercent: 20,
      metric: AbMetric.DELIVERY,
      decideAfter: { seconds: 3600n },
    }
    const runner = await on.run()
    await on.deliver()
    const id = await on.start({ displayName: 'Test', audience: ALL_OF_THEM.audience, abTest })
    await waitFor(async () => (await on.progress(id)).statusDetail.includes('waits for its winner'))
    const tested = await on.read<{ variant: number; n: number }>(
      `SELECT variant, count(*)::int AS n FROM notify.campaign_recipients GROUP BY variant ORDER BY variant`,
    )
    const inTest = (tested[0]?.n ?? 0) + (tested[1]?.n ?? 0)
    assert.ok(inTest > 150 && inTest < 250, `${inTest} in the test`)
    assert.ok((tested[0]?.n ?? 0) > 60 && (tested[1]?.n ?? 0) > 60)
    await waitFor(() => on.account.sent.length === inTest)
    await waitFor(async () => (await on.progress(id)).sent === BigInt(inTest))
    await on.read(`UPDATE notify.messages SET state = 6 WHERE subject = 'two'`)
    // Two processes decide at once: it is decided once.
    await on.run()
    await on.read('UPDATE notify.campaigns SET decide_time = now()')
    const progress = await on.waitForState(id, FINISHED)
    assert.equal(progress.expanded, 1000n)
    const row = await on.parts.campaigns.get(TEST_PROJECT, id)
    assert.equal(row.winner, 2)
    const subjects = on.account.sent
      .slice(inTest)
      .map((mail) => (mail.channel === 'email' ? mail.subject : ''))
    assert.equal(subjects.length, 1000 - inTest)
    assert.deepEqual([...new Set(subjects)], ['two'])
    const { variants } = await on.parts.progress.of(row, true)
    assert.deepEqual(
      variants.map(({ variant, sent }) => [variant, Number(sent)]),
      [
        ['A', tested[0]?.n],
        ['B', tested[1]?.n],
      ],
    )
    await assert.rejects(on.parts.campaigns.choose(on.act, id, 'A'), {
      reason: 'notify.campaign_state_conflict',
    })
    await runner.stop()
  })

  it('waits for a winner that is chosen by hand, once', async () => {
    await addRecipients(on.db, 100)
    const abTest = {
      variants: [ALL_OF_THEM.content, ALL_OF_THEM.content],
      testPercent: 10,
      metric: AbMetric.MANUAL,
    }
    await on.run()
    await on.deliver()
    const id = await on.start({ displayName: 'Test', audience: ALL_OF_THEM.audience, abTest })
    await waitFor(async () => (await on.progress(id)).statusDetail !== '')
    await assert.rejects(on.parts.campaigns.choose(on.act, id, 'C'), { reason: 'notify.request_invalid' })
    const picks = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => on.parts.campaigns.choose(on.act, id, index % 2 ? 'A' : 'B')),
    )
    const winner = (await on.parts.campaigns.get(TEST_PROJECT, id)).winner
    assert.equal(picks.filter(({ status }) => status === 'fulfilled').length, 10)
    assert.ok(winner === 1 || winner === 2)
    await on.waitForState(id, FINISHED)
  })
})
