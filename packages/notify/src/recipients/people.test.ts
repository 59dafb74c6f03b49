import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { afterEach, describe, it } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { createPageTokens, systemClock } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import type { RecipientSchema } from '@mainstay/proto/notify/v1'
import { DevicePlatform } from '@mainstay/proto/notify/v1/endpoints'
import * as contract from '@mainstay/proto/notify/v1/recipients'
import { testCall } from '../testing/call.ts'
import { ledgerMigrations, TEST_PROJECT } from '../testing/ledger.ts'
import { testRecipients } from '../testing/people.ts'
import { peopleHandlers } from './people-api.ts'

type RecipientInit = MessageInitShape<typeof RecipientSchema>

const OTHER_PROJECT = '01980000-0000-7000-8000-000000000002'

describe('people', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const pageTokens = createPageTokens(randomBytes(32))
  afterEach(() =>
    database.db.query({ text: 'TRUNCATE notify.recipients, notify.topics, notify.segments CASCADE' }),
  )

  const people = () => {
    const { db } = database
    return peopleHandlers({ db, clock: systemClock, pageTokens, recipients: testRecipients(db) })
  }
  const store = async (recipients: RecipientInit[], paths?: string[], projectId = TEST_PROJECT) =>
    create(
      contract.BatchUpdateRecipientsResponseSchema,
      await people().batchUpdateRecipients(
        create(contract.BatchUpdateRecipientsRequestSchema, {
          recipients,
          ...(paths && { updateMask: { paths } }),
        }),
        testCall({ projectId }),
      ),
    )
  const list = async (init: MessageInitShape<typeof contract.ListRecipientsRequestSchema> = {}) =>
    create(
      contract.ListRecipientsResponseSchema,
      await people().listRecipients(create(contract.ListRecipientsRequestSchema, init), testCall()),
    )
  const ids = async (filter: MessageInitShape<typeof contract.RecipientFilterSchema>) =>
    (await list({ filter })).recipients.map(({ recipientId }) => recipientId)
  const createTopic = async (topic: string) =>
    people().createTopic(create(contract.CreateTopicRequestSchema, { topic: { topic } }), testCall())
  const addMembers = async (topic: string, recipientIds: string[]) =>
    create(
      contract.AddTopicMembersResponseSchema,
      await people().addTopicMembers(
        create(contract.AddTopicMembersRequestSchema, { topic, recipientIds }),
        testCall(),
      ),
    )
  const named = (count: number): RecipientInit[] =>
    Array.from({ length: count }, (_, n) => ({ recipientId: `user-${String(n).padStart(4, '0')}` }))

  it('are stored a thousand at once, and those that are wrong are named with what is', async () => {
    const recipients: RecipientInit[] = named(1000)
    recipients[3] = { recipientId: 'user-0003', email: 'a b@example.com', timezone: 'Mars/Olympus' }
    recipients[17] = { recipientId: '', email: 'nobody' }
    recipients[999] = {
      recipientId: 'user-0999',
      endpoints: [{ address: { case: 'phone', value: 'call me maybe' } }],
    }
    const answer = await store(recipients)
    assert.equal(answer.storedCount, 997)
    assert.deepEqual(
      answer.errors.map(({ index, recipientId, fields }) => [
        index,
        recipientId,
        fields.map(({ field }) => field),
      ]),
      [
        [3, 'user-0003', ['recipients[3].email', 'recipients[3].timezone']],
        [17, '', ['recipients[17].recipientId', 'recipients[17].recipientId', 'recipients[17].email']],
        [999, 'user-0999', ['recipients[999].endpoints[0].phone']],
      ],
    )
    const { rows } = await database.db.query<{ n: number }>({
      text: 'SELECT count(*)::int4 AS n FROM notify.recipients',
    })
    assert.equal(rows[0]?.n, 997)
  })

  it('that come twice are as the last says, with the devices of both', async () => {
    const device = (value: string) =>
      ({ address: { case: 'deviceToken', value }, platform: DevicePlatform.WEB }) as const
    const answer = await store([
      { recipientId: 'ada', displayName: 'First', endpoints: [device('one')] },
      { recipientId: 'bo' },
      { recipientId: 'ada', displayName: 'Last', endpoints: [device('two')] },
    ])
    assert.equal(answer.storedCount, 3)
    const { row, endpoints } = await testRecipients(database.db).get(TEST_PROJECT, 'ada')
    assert.equal(row.display_name, 'Last')
    assert.deepEqual(endpoints.map(({ address }) => address).toSorted(), ['one', 'two'])
  })

  it('are changed in the fields of the mask alone', async () => {
    await store([{ recipientId: 'ada', email: 'ada@example.com', attributes: { plan: 'free' } }])
    await store(
      [
        { recipientId: 'ada', attributes: { plan: 'pro' } },
        { recipientId: 'bo', email: 'bo@example.com' },
      ],
      ['attributes'],
    )
    const { recipients } = await list()
    assert.deepEqual(
      recipients.map(({ recipientId, email, attributes }) => [recipientId, email, attributes]),
      [
        ['ada', 'ada@example.com', { plan: 'pro' }],
        ['bo', 'bo@example.com', {}],
      ],
    )
  })

  it('survive fifty batches at once that share them, in any order', async () => {
    const all = named(100)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        store(
          all.map((one) => ({ ...one, displayName: `round ${n}` })).toSorted(() => (n % 2 === 0 ? 1 : -1)),
        ),
      ),
    )
    assert.ok(answers.every(({ storedCount, errors }) => storedCount === 100 && errors.length === 0))
    const { rows } = await database.db.query<{ n: number; names: number }>({
      text: 'SELECT count(*)::int4 AS n, count(DISTINCT display_name)::int4 AS names FROM notify.recipients',
    })
    // Rows are locked in one order, so that the last batch has the last word on all of them.
    assert.deepEqual(rows[0], { n: 100, names: 1 })
  })

  it('are listed by pages, and found by how id, address and name begin', async () => {
    await store([
      ...named(5),
      { recipientId: 'ada', email: 'Ada@Example.com', displayName: 'Ada Lovelace' },
      { recipientId: 'b_1', email: '100%@example.org', displayName: 'Bo' },
      { recipientId: 'bx1', displayName: 'adam' },
    ])
    await store([{ recipientId: 'foreign', displayName: 'Ada' }], undefined, OTHER_PROJECT)
    const seen: string[] = []
    let pageToken = ''
    do {
      const page = await list({ pageSize: 3, pageToken })
      seen.push(...page.recipients.map(({ recipientId }) => recipientId))
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    assert.deepEqual(seen, ['ada', 'b_1', 'bx1', ...named(5).map(({ recipientId }) => recipientId)])
    assert.deepEqual(await ids({ text: 'ADA' }), ['ada', 'bx1'])
    assert.deepEqual(await ids({ text: 'ada@ex' }), ['ada'])
    assert.deepEqual(await ids({ text: 'b_' }), ['b_1'])
    assert.deepEqual(await ids({ text: '100%' }), ['b_1'])
    assert.deepEqual(await ids({ text: '\\' }), [])
    const { nextPageToken } = await list({ pageSize: 1, filter: { text: 'ada' } })
    await assert.rejects(list({ pageToken: nextPageToken }), { reason: 'kernel.page_token_invalid' })
  })

  it('are members of topics: those that exist are added once, those that do not are named', async () => {
    await store(named(4))
    await createTopic('news')
    await assert.rejects(createTopic('news'), { code: 'already_exists', reason: 'notify.topic_exists' })
    const answer = await addMembers('news', ['user-0002', 'nobody', 'user-0000', 'user-0002'])
    assert.deepEqual([answer.addedCount, answer.unknownRecipientIds], [2, ['nobody']])
    assert.equal((await addMembers('news', ['user-0002', 'user-0003'])).addedCount, 1)
    const listMembers = async (init: { pageSize?: number; pageToken?: string }) =>
      create(
        contract.ListTopicMembersResponseSchema,
        await people().listTopicMembers(
          create(contract.ListTopicMembersRequestSchema, { topic: 'news', ...init }),
          testCall(),
        ),
      )
    const first = await listMembers({ pageSize: 2 })
    const rest = await listMembers({ pageSize: 2, pageToken: first.nextPageToken })
    assert.deepEqual(
      [first, rest].map(({ members }) => members.map(({ recipientId }) => recipientId)),
      [['user-0000', 'user-0002'], ['user-0003']],
    )
    assert.deepEqual(await ids({ topic: 'news' }), ['user-0000', 'user-0002', 'user-0003'])
    assert.deepEqual(await ids({ topic: 'news', text: 'user-0002' }), ['user-0002'])
    const paged = await list({ pageSize: 1, filter: { topic: 'news' } })
    const next = await list({ pageSize: 1, pageToken: paged.nextPageToken, filter: { topic: 'news' } })
    assert.equal(next.recipients[0]?.recipientId, 'user-0002')
    const { removedCount } = await people().removeTopicMembers(
      create(contract.RemoveTopicMembersRequestSchema, {
        topic: 'news',
        recipientIds: ['user-0002', 'user-0001'],
      }),
      testCall(),
    )
    assert.equal(removedCount, 1)
    const { topics } = await people().listTopics(create(contract.ListTopicsRequestSchema), testCall())
    assert.deepEqual(
      topics?.map(({ topic, memberCount }) => [topic, memberCount]),
      [['news', 2]],
    )
  })

  it('leave their topics and devices behind when they or the topics are deleted', async () => {
    await store([
      { recipientId: 'ada', endpoints: [{ address: { case: 'chat', value: 'U1' } }] },
      { recipientId: 'bo' },
    ])
    await createTopic('news')
    await createTopic('offers')
    await addMembers('news', ['ada', 'bo'])
    await addMembers('offers', ['bo'])
    const remove = async (recipientId: string) =>
      people().deleteRecipient(create(contract.DeleteRecipientRequestSchema, { recipientId }), testCall())
    await remove('ada')
    await assert.rejects(remove('ada'), { reason: 'notify.recipient_not_found' })
    const drop = async (topic: string) =>
      people().deleteTopic(create(contract.DeleteTopicRequestSchema, { topic }), testCall())
    await drop('offers')
    await assert.rejects(drop('offers'), { code: 'not_found', reason: 'notify.topic_not_found' })
    await assert.rejects(addMembers('offers', ['bo']), { reason: 'notify.topic_not_found' })
    await assert.rejects(ids({ topic: 'offers' }), { reason: 'notify.topic_not_found' })
    const { rows } = await database.db.query<{ members: string[]; endpoints: number }>({
      text: `SELECT ARRAY(SELECT topic || ' ' || recipient_id FROM notify.topic_members) AS members,
        (SELECT count(*)::int4 FROM notify.recipient_endpoints) AS endpoints`,
    })
    assert.deepEqual(rows[0], { members: ['news bo'], endpoints: 0 })
  })

  it('that are deleted while they are added to a topic are no members afterwards', async () => {
    await createTopic('news')
    for (let round = 0; round < 5; round++) {
      const all = named(20).map(({ recipientId = '' }) => recipientId)
      await store(named(20))
      await Promise.all([
        ...all.map((recipientId) =>
          people().deleteRecipient(
            create(contract.DeleteRecipientRequestSchema, { recipientId }),
            testCall(),
          ),
        ),
        ...Array.from({ length: 10 }, () => addMembers('news', all)),
      ])
      const { rows } = await database.db.query({ text: 'SELECT FROM notify.topic_members' })
      assert.equal(rows.length, 0)
    }
  })

  it('have endpoints that are added, seen again and removed', async () => {
    await store([{ recipientId: 'ada' }])
    const add = async (recipientId: string) =>
      people().addEndpoint(
        create(contract.AddEndpointRequestSchema, {
          recipientId,
          endpoint: { address: { case: 'phone', value: '+49 170 1234567' }, verified: true },
        }),
        testCall(),
      )
    const first = await add('ada')
    const again = await add('ada')
    assert.equal(again.endpointId, first.endpointId)
    assert.deepEqual(again.address, { case: 'phone', value: '+491701234567' })
    await assert.rejects(add('nobody'), { code: 'not_found', reason: 'notify.recipient_not_found' })
    const remove = async () =>
      people().removeEndpoint(
        create(contract.RemoveEndpointRequestSchema, {
          recipientId: 'ada',
          endpointId: first.endpointId ?? '',
        }),
        testCall(),
      )
    await remove()
    await assert.rejects(remove(), { code: 'not_found', reason: 'notify.endpoint_not_found' })
    const endpointsOf = async (recipientId: string) =>
      people().listEndpoints(create(contract.ListEndpointsRequestSchema, { recipientId }), testCall())
    assert.deepEqual((await endpointsOf('ada')).endpoints, [])
    await assert.rejects(endpointsOf('nobody'), { reason: 'notify.recipient_not_found' })
  })

  it('are one device’s owner however many sign in on it at once', async () => {
    await store(named(50))
    await Promise.all(
      named(50).map(({ recipientId = '' }) =>
        people().addEndpoint(
          create(contract.AddEndpointRequestSchema, {
            recipientId,
            endpoint: { address: { case: 'deviceToken', value: 'shared' }, platform: DevicePlatform.IOS },
          }),
          testCall(),
        ),
      ),
    )
    const { rows } = await database.db.query({ text: 'SELECT FROM notify.recipient_endpoints' })
    assert.equal(rows.length, 1)
  })
})
