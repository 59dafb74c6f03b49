import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { waitFor } from '@mainstay/kernel/testing'
import { CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { ALL_OF_THEM, addRecipients, useCampaigns } from '../testing/campaigns.ts'
import { TEST_PROJECT } from '../testing/ledger.ts'
import { TROUBLE } from './store.ts'
import { dropOldPeople } from './sweep-store.ts'

const { RUNNING, PAUSED, FINISHED, CANCELLED, FAILED } = CampaignState

describe('a campaign', () => {
  const on = useCampaigns()

  it('tells everybody in its audience once, and then is finished', async () => {
    await addRecipients(on.db, 12_345)
    const id = await on.start()
    await on.run()
    await on.deliver()
    const progress = await on.waitForState(id, FINISHED)
    assert.equal(progress.total, 12_345n)
    assert.equal(progress.expanded, 12_345n)
    assert.equal(progress.sent, 12_345n)
    assert.equal(progress.queued, 0n)
    assert.equal(on.account.sent.length, 12_345)
    assert.equal(new Set(on.account.sent.map(({ to }) => to)).size, 12_345)
    const [first] = on.account.sent
    assert.ok(first?.channel === 'email' && first.subject === 'Hello' && first.class === 'bulk')
  })

  it('is for those who were there at its start, and passes over who is gone or has no address', async () => {
    await addRecipients(on.db, 10)
    await on.read(`UPDATE notify.recipients SET email = NULL WHERE recipient_id = 'r0000003'`)
    await on.read(`INSERT INTO notify.suppressions (project_id, live, channel, address_key, reason, suppression_id, address,
      detail, actor, create_time) VALUES ('${TEST_PROJECT}', true, 1, 'r4@example.com', 3, gen_random_uuid(),
      'r4@example.com', '', 'key', now())`)
    const id = await on.start()
    const runner = await on.run({ ahead: 100 })
    await on.waitForState(id, RUNNING)
    await waitFor(async () => (await on.progress(id)).expanded === 10n)
    await addRecipients(on.db, 5, { prefix: 'late' })
    await on.deliver()
    const progress = await on.waitForState(id, FINISHED)
    assert.deepEqual(
      [progress.total, progress.sent, progress.skipped, progress.suppressed],
      [10n, 8n, 1n, 1n],
    )
    const { problems } = await on.problems(id)
    assert.deepEqual(
      problems?.map(({ recipientId, detail }) => [recipientId, detail]),
      [['r0000003', 'has no address for the channel']],
    )
    await runner.stop()
  })

  it('skips and counts who is deleted between its start and their turn', async () => {
    await addRecipients(on.db, 3)
    const id = await on.start()
    const runner = await on.run()
    await on.waitForState(id, RUNNING)
    await runner.stop()
    // As if it stood before them: their rows are taken back, and the chunk with them.
    await on.read('TRUNCATE notify.campaign_recipients, notify.campaign_counts, notify.campaign_totals')
    await on.read('TRUNCATE notify.messages, notify.delivery_queue')
    await on.read(
      `UPDATE notify.campaign_chunks SET done_count = 0, members = ARRAY['r0000000','r0000001','r0000002']`,
    )
    await on.read(`DELETE FROM notify.recipients WHERE recipient_id = 'r0000001'`)
    await on.run()
    await on.deliver()
    const progress = await on.waitForState(id, FINISHED)
    assert.deepEqual([progress.total, progress.sent, progress.skipped], [3n, 2n, 1n])
    const { problems } = await on.problems(id)
    assert.match(problems?.[0]?.detail ?? '', /was deleted/)
  })

  it('does not wait for another one that is broken, which says so until it goes on', async () => {
    await addRecipients(on.db, 3)
    const broken = await on.start()
    await on.read(`ALTER TABLE notify.campaign_chunks
      ADD CONSTRAINT broken CHECK (campaign_id <> '${on.uuid(broken)}')`)
    const sound = await on.start()
    await on.run()
    await on.deliver()
    assert.equal((await on.waitForState(sound, FINISHED)).sent, 3n)
    assert.equal((await on.progress(broken)).sent, 0n)
    await waitFor(async () => (await on.progress(broken)).statusDetail === TROUBLE)
    await on.read('ALTER TABLE notify.campaign_chunks DROP CONSTRAINT broken')
    const { sent, statusDetail } = await on.waitForState(broken, FINISHED)
    assert.deepEqual([sent, statusDetail], [3n, ''])
  })

  it('goes to the members of a topic, or to the recipients of a segment', async () => {
    await addRecipients(on.db, 20)
    await on.read(`INSERT INTO notify.topics VALUES ('${TEST_PROJECT}', 'news', 'News', '', now(), now())`)
    await on.read(`INSERT INTO notify.topic_members SELECT project_id, 'news', recipient_id, now() FROM notify.recipients
      WHERE recipient_id < 'r0000007'`)
    await on.read(`UPDATE notify.recipients SET locale = 'de' WHERE recipient_id >= 'r0000015'`)
    await on.read(`INSERT INTO notify.segments VALUES ('${TEST_PROJECT}', 'germans', 'Germans', '',
      '{"field":"locale","op":"eq","value":"de"}', 1, now(), now())`)
    await on.run()
    await on.deliver()
    const topic = await on.start({ ...ALL_OF_THEM, audience: { audience: { case: 'topic', value: 'news' } } })
    assert.equal((await on.waitForState(topic, FINISHED)).sent, 7n)
    const segment = await on.start({
      ...ALL_OF_THEM,
      audience: { audience: { case: 'segment', value: 'germans' } },
    })
    assert.equal((await on.waitForState(segment, FINISHED)).sent, 5n)
    await assert.rejects(
      on.start({ ...ALL_OF_THEM, audience: { audience: { case: 'topic', value: 'nothing' } } }),
      { reason: 'notify.request_invalid' },
    )
  })

  it('that has ended forgets its people when the ledger does, and all of itself when it is deleted', async () => {
    await addRecipients(on.db, 10)
    await on.run()
    await on.deliver()
    const id = await on.start()
    await on.waitForState(id, FINISHED)
    const left = () => on.read('SELECT FROM notify.campaign_recipients')
    await dropOldPeople(on.db, new Date(Date.now() - 60_000))
    assert.equal((await left()).length, 10)
    await dropOldPeople(on.db, new Date(Date.now() + 60_000))
    assert.equal((await left()).length, 0)
    assert.equal((await on.progress(id)).sent, 10n)
    await on.parts.campaigns.remove(on.act, id)
    await assert.rejects(on.parts.campaigns.get(TEST_PROJECT, id), { reason: 'notify.campaign_not_found' })
    await waitFor(async () => (await on.read('SELECT FROM notify.campaigns')).length === 0)
    assert.equal((await on.read('SELECT FROM notify.campaign_totals')).length, 0)
    assert.equal((await on.read('SELECT FROM notify.messages')).length, 10)
  })

  it('with nobody in its audience says so', async () => {
    const id = await on.start()
    await on.run()
    const progress = await on.waitForState(id, FAILED)
    assert.equal(progress.statusDetail, 'Nobody is in its audience.')
  })

  it('is only so far ahead of its delivery as is allowed', async () => {
    await addRecipients(on.db, 5_000)
    const id = await on.start()
    await on.run({ ahead: 600 })
    await waitFor(async () => (await on.progress(id)).queued > 300n)
    const [depth] = await on.read<{ n: number }>('SELECT count(*)::int AS n FROM notify.delivery_queue')
    assert.ok((depth?.n ?? 0) <= 600, `${depth?.n} wait`)
    await on.deliver()
    assert.equal((await on.waitForState(id, FINISHED)).sent, 5_000n)
  })

  it('hands nothing over while it is paused, and goes on where it was', async () => {
    await addRecipients(on.db, 3_000)
    const id = await on.start()
    await on.run({ ahead: 500 })
    await on.deliver()
    await waitFor(() => on.account.sent.length > 200)
    await on.parts.campaigns.pause(on.act, id)
    await waitFor(async () => {
      const leased = await on.read(
        'SELECT FROM notify.delivery_queue WHERE lease_owner IS NOT NULL OR lane = 3',
      )
      return leased.length === 0
    })
    const paused = await on.progress(id)
    const handed = on.account.sent.length
    assert.equal(paused.state, PAUSED)
    assert.ok(handed < 3_000)
    assert.equal(BigInt(handed), paused.sent)
    await on.parts.campaigns.pause(on.act, id)
    await on.parts.campaigns.resume(on.act, id)
    const progress = await on.waitForState(id, FINISHED)
    assert.equal(progress.sent, 3_000n)
    assert.equal(on.account.sent.length, 3_000)
  })

  it('that is cancelled cancels what waits, and sends nothing more', async () => {
    await addRecipients(on.db, 3_000)
    const id = await on.start()
    await on.run({ ahead: 500 })
    await waitFor(async () => (await on.progress(id)).queued > 0n)
    const before = await on.progress(id)
    await on.parts.campaigns.cancel(on.act, id)
    await waitFor(async () => (await on.progress(id)).queued === 0n)
    await on.deliver()
    const progress = await on.waitForState(id, CANCELLED)
    assert.ok(progress.cancelled >= before.queued)
    assert.equal(progress.sent + progress.cancelled, progress.expanded)
    assert.equal(on.account.sent.length, 0)
    const states = await on.read<{ state: number }>('SELECT DISTINCT state FROM notify.messages')
    assert.deepEqual(states, [{ state: 12 }])
    await assert.rejects(on.parts.campaigns.resume(on.act, id), { reason: 'notify.campaign_state_conflict' })
  })
})
