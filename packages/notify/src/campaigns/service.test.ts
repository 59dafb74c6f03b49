import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { type AppError, newId, toTypeId } from '@mainstay/kernel'
import { CampaignSchema, CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { ALL_OF_THEM, addRecipients, useCampaigns } from '../testing/campaigns.ts'
import { TEST_PROJECT } from '../testing/ledger.ts'
import { emailContent, testAct } from '../testing/templates.ts'
import { readSpec } from './spec.ts'

const { SCHEDULED, PREPARING, DRAFT } = CampaignState

describe('what people decide about campaigns', () => {
  const on = useCampaigns()
  const get = (id: string) => on.parts.campaigns.get(TEST_PROJECT, id)

  it('is refused for a campaign that there is not', async () => {
    const notFound = { reason: 'notify.campaign_not_found' }
    await assert.rejects(get(toTypeId('cmp', newId())), notFound)
    await assert.rejects(on.parts.campaigns.start(on.act, toTypeId('cmp', newId()), ''), notFound)
    await assert.rejects(get('cmp_nonsense'), notFound)
  })

  it('changes what a mask names, clears what it names and does not set, and refuses what there is not', async () => {
    const id = await on.create({ ...ALL_OF_THEM, category: 'news', messagesPerSecond: 10 })
    const change = (campaign: object, paths?: string[]) =>
      on.parts.campaigns.update(on.act, create(CampaignSchema, { ...campaign, campaignId: id }), paths)
    await change({ displayName: 'Summer' })
    assert.deepEqual(
      [(await get(id)).display_name, readSpec((await get(id)).spec).category],
      ['Summer', 'news'],
    )
    await change({ messagesPerSecond: 0 }, ['messages_per_second', 'category'])
    const row = await get(id)
    assert.deepEqual([row.messages_per_second, readSpec(row.spec).category], [0, ''])
    await assert.rejects(change({}, ['state']), { reason: 'notify.request_invalid' })
    await assert.rejects(change({ displayName: ' ' }), { reason: 'notify.request_invalid' })
    await assert.rejects(change({ displayName: 'x', etag: '1' }), { reason: 'notify.etag_mismatch' })
  })

  it('says what a start lacks, by its path', async () => {
    const id = await on.create({ displayName: 'Empty' })
    await assert.rejects(
      on.parts.campaigns.start(on.act, id, ''),
      (error: { violations: { field: string }[] }) => {
        assert.deepEqual(
          error.violations.map(({ field }) => field),
          ['campaign.content', 'campaign.audience'],
        )
        return true
      },
    )
    assert.equal((await get(id)).state, DRAFT)
    const missing = { content: { case: 'template', value: { name: 'nothing', version: 0 } } } as const
    await assert.rejects(on.start({ ...ALL_OF_THEM, content: missing }), {
      reason: 'notify.template_not_found',
    })
    const pinned = { ...ALL_OF_THEM, providerAccountId: toTypeId('pac', newId()) }
    await assert.rejects(on.start(pinned), { reason: 'notify.request_invalid' })
  })

  it('starts once, however often it is asked, and then changes no more than its speed', async () => {
    await addRecipients(on.db, 2)
    const id = await on.create()
    const started = await Promise.all(
      Array.from({ length: 50 }, () => on.parts.campaigns.start(on.act, id, '')),
    )
    assert.ok(started.every(({ state }) => state === PREPARING))
    assert.equal((await get(id)).revision, 2)
    const change = (campaign: object) =>
      on.parts.campaigns.update(on.act, create(CampaignSchema, { ...campaign, campaignId: id }), undefined)
    await assert.rejects(change({ displayName: 'Other' }), { reason: 'notify.campaign_state_conflict' })
    assert.equal((await change({ messagesPerSecond: 5 })).messages_per_second, 5)
    await assert.rejects(on.parts.campaigns.remove(on.act, id), { reason: 'notify.campaign_state_conflict' })
  })

  it('is not started with a template that can be filled for nobody, and is where somebody can be told', async () => {
    const said = emailContent('More than {{ plan }}', '{{ season }}')
    await on.parts.templates.create(testAct(TEST_PROJECT), 'plan-offer', said)
    const template = { content: { case: 'template', value: { name: 'plan-offer', version: 0 } } } as const
    const spec = { ...ALL_OF_THEM, content: template, data: { season: 'spring' } }
    await addRecipients(on.db, 3)
    await on.db.query({
      text: `UPDATE notify.recipients SET attributes = '{"plan": "basic"}' WHERE recipient_id = 'r0000002'`,
    })
    await on.start(spec)
    await on.db.query({ text: `UPDATE notify.recipients SET attributes = '{}'` })
    await assert.rejects(on.start(spec), (error: AppError) => {
      assert.equal(error.reason, 'notify.request_invalid')
      assert.deepEqual(error.violations, [
        {
          field: 'campaign.content.template',
          description:
            'could be filled for none of the 3 people that it was tried for: data.plan is used by the template and not given',
        },
      ])
      return true
    })
  })

  it('counts the links to preferences as given, where there is a recipient whose they are', async () => {
    const said = emailContent('News', '{{ unsubscribe_url }} {{ preferences_url }}')
    await on.parts.templates.create(testAct(TEST_PROJECT), 'news', said)
    const content = { content: { case: 'template', value: { name: 'news', version: 0 } } } as const
    await addRecipients(on.db, 1)
    await on.start({ ...ALL_OF_THEM, content })
    const imported = { audience: { case: 'imported', value: true } } as const
    const id = await on.create({ ...ALL_OF_THEM, content, audience: imported })
    await on.import(id, 'email\nsomebody@example.com')
    await assert.rejects(on.parts.campaigns.start(on.act, id, ''), /data\.unsubscribe_url is used/)
  })

  it('waits for its time, and says then what it was changed to say meanwhile', async () => {
    const seconds = BigInt(Math.floor(Date.now() / 1000) + 3600)
    const id = await on.start({ ...ALL_OF_THEM, sendTime: { seconds } })
    assert.equal((await get(id)).state, SCHEDULED)
    const content = { content: { case: 'email', value: { subject: 'Changed', text: 'x' } } } as const
    await on.parts.campaigns.update(on.act, create(CampaignSchema, { campaignId: id, content }), undefined)
    const plan = await on.read<{ subject: string }>(
      `SELECT plan -> 'variants' -> 0 ->> 'subject' AS subject FROM notify.campaigns`,
    )
    assert.deepEqual(plan, [{ subject: 'Changed' }])
    await on.parts.campaigns.cancel(on.act, id)
  })

  it('keeps test keys away from live campaigns, and lets their own reach test accounts only', async () => {
    const id = await on.create()
    const asTest = { ...on.act, testMode: true }
    await assert.rejects(on.parts.campaigns.start(asTest, id, ''), { reason: 'notify.mode_not_allowed' })
    const own = await on.create(ALL_OF_THEM, asTest)
    assert.equal((await get(own)).live, false)
  })

  it('refuses what cannot be kept or meant', async () => {
    const refused = { reason: 'notify.request_invalid' }
    await assert.rejects(on.create({ ...ALL_OF_THEM, displayName: 'a\0b' }), refused)
    await assert.rejects(on.create({ ...ALL_OF_THEM, sendWindow: { start: '09:00', end: '09:00' } }), refused)
    const sendWindow = { start: '09:00', end: '10:00', defaultTimezone: 'Mars/Phobos' }
    await assert.rejects(on.create({ ...ALL_OF_THEM, sendWindow }), refused)
    const sms = { content: { case: 'sms', value: { text: 'x' } } } as const
    const abTest = { variants: [ALL_OF_THEM.content, sms], testPercent: 10 }
    await assert.rejects(on.create({ ...ALL_OF_THEM, abTest }), refused)
  })
})
