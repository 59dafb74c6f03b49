import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { type Bus, createBus, createPageTokens, fromTypeId, newId, systemClock } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import {
  MessageState,
  type Notification,
  NotificationSchema,
  SendNotificationRequestSchema,
} from '@mainstay/proto/notify/v1'
import { DevicePlatform } from '@mainstay/proto/notify/v1/endpoints'
import { createMessages } from '../messages/service.ts'
import type { ProviderCandidate } from '../provider-accounts/directory.ts'
import { apns } from '../providers/push/apns.ts'
import { fcm } from '../providers/push/fcm.ts'
import { webPush } from '../providers/push/web-push.ts'
import type { NewEndpoint } from '../recipients/endpoint-store.ts'
import { upsertEndpoints } from '../recipients/endpoint-store.ts'
import { suppressAddresses } from '../suppressions/store.ts'
import { createTemplates, type Templates } from '../templates/service.ts'
import { type TestCallOptions, testCall } from '../testing/call.ts'
import { ledgerMigrations, TEST_PROJECT } from '../testing/ledger.ts'
import { testRecipients } from '../testing/people.ts'
import { createTestSend } from '../testing/sender.ts'
import { content, testAct } from '../testing/templates.ts'
import { scriptAccount } from '../testing/worker.ts'
import type { createSend } from './send.ts'
import { SEND_METHOD } from './store.ts'

const push = { case: 'push', value: { title: 'Hello', body: 'Hello there' } } as const
const sms = { case: 'sms', value: { text: 'Hello' } } as const
const toAda = { target: { case: 'recipientId', value: 'ada' } } as const

describe('sending to a recipient', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  let bus: Bus
  let templates: Templates
  let accounts: ProviderCandidate[] = [scriptAccount()]
  let sendIt: ReturnType<typeof createSend>

  before(async () => {
    bus = createBus({ connection: database.connectionString })
    await bus.start()
    templates = createTemplates({ db: database.db, bus, clock: systemClock })
    const directory = { candidates: async () => accounts }
    sendIt = createTestSend(database.db, { directory, renderer: templates })
  })
  after(() => bus.stop())
  beforeEach(async () => {
    await database.db.query({
      text: 'TRUNCATE notify.recipients, notify.messages, notify.notifications, notify.delivery_queue, kernel.outbox CASCADE',
    })
    await known({})
  })

  const send = async (
    init: MessageInitShape<typeof SendNotificationRequestSchema>,
    call: TestCallOptions = {},
  ): Promise<Notification> => {
    const request = create(SendNotificationRequestSchema, { to: toAda, ...init } as typeof init)
    return create(NotificationSchema, await sendIt(request, testCall({ method: SEND_METHOD, ...call })))
  }

  /** Makes Ada who she is. */
  async function known(fields: { phone?: string; locale?: string }, tokens: readonly string[] = []) {
    const request = {
      $typeName: 'mainstay.notify.v1.Recipient' as const,
      recipientId: 'ada',
      email: '',
      displayName: '',
      phone: '',
      locale: '',
      timezone: '',
      topics: [],
      endpoints: tokens.map((value) => ({
        $typeName: 'mainstay.notify.v1.Endpoint' as const,
        endpointId: '',
        address: { case: 'deviceToken' as const, value },
        platform: DevicePlatform.ANDROID,
        verified: false,
        deadReason: '',
      })),
      ...fields,
    }
    await testRecipients(database.db).update(testCall(), request, [])
  }

  const add = (endpoint: Partial<NewEndpoint> & { address: string }) =>
    database.db.transaction((tx) =>
      upsertEndpoints(
        tx,
        TEST_PROJECT,
        [
          {
            recipient_id: 'ada',
            endpoint_id: newId(),
            channel: 2,
            platform: null,
            verified: false,
            ...endpoint,
          },
        ],
        new Date(),
      ),
    )

  async function messagesOf({ messageIds }: Notification) {
    const { rows } = await database.db.query<{
      to: string
      state: number
      queued: boolean
      notification: string
    }>({
      text: `SELECT m.to_address AS to, m.state, q.message_id IS NOT NULL AS queued, m.notification_id AS notification
        FROM unnest($1::uuid[]) WITH ORDINALITY AS w (message_id, n) JOIN notify.messages m USING (message_id)
        LEFT JOIN notify.delivery_queue q USING (project_id, message_id) ORDER BY n`,
      values: [messageIds.map((id) => fromTypeId('msg', id))],
    })
    return rows
  }

  async function count(table: string): Promise<number> {
    const { rows } = await database.db.query<{ n: number }>({
      text: `SELECT count(*)::int4 AS n FROM ${table}`,
    })
    return rows[0]?.n ?? -1
  }

  const reread = async ({ notificationId }: Notification) => {
    const messages = createMessages({
      db: database.db,
      clock: systemClock,
      pageTokens: createPageTokens(randomBytes(32)),
      wake: () => {},
    })
    return (await messages.getNotification(testCall(), notificationId)).messageIds
  }

  it('reaches all their devices by push: one notification, a message for each, in one commit', async () => {
    await known({}, ['phone', 'tablet', 'browser'])
    const answer = await send({ content: push })
    const rows = await messagesOf(answer)
    assert.deepEqual(rows.map(({ to }) => to).toSorted(), ['browser', 'phone', 'tablet'])
    assert.ok(rows.every((row) => row.queued && row.state === MessageState.ACCEPTED))
    assert.deepEqual(
      new Set(rows.map((row) => row.notification)),
      new Set([fromTypeId('ntf', answer.notificationId)]),
    )
    assert.deepEqual(
      await reread(answer),
      answer.messageIds.map((id) => fromTypeId('msg', id)),
    )
    assert.deepEqual([await count('notify.notifications'), await count('kernel.outbox')], [1, 1])
    const { rows: told } = await database.db.query<{ ids: string[] }>({
      text: `SELECT payload -> 'messageIds' AS ids FROM kernel.outbox`,
    })
    assert.equal(told[0]?.ids.length, 3)
  })

  it('answers a repeated call with all of its messages, by either key, and sends nothing again', async () => {
    await known({}, ['phone', 'tablet'])
    const idempotency = { key: newId(), requestHash: randomBytes(32) }
    const dedupeKey = newId()
    const calls = Array.from({ length: 50 }, () => send({ content: push, dedupeKey }, { idempotency }))
    const [first, ...rest] = await Promise.all(calls)
    for (const answer of rest) assert.deepEqual(answer, first)
    await known({}, ['third'])
    assert.deepEqual(await send({ content: push, dedupeKey }, { idempotency }), first)
    const other = await send({ content: push, dedupeKey }, { idempotency: { ...idempotency, key: newId() } })
    assert.deepEqual(other, { ...first, deduplicated: true })
    assert.equal(first?.messageIds.length, 2)
    assert.deepEqual([await count('notify.messages'), await count('notify.delivery_queue')], [2, 2])
  })

  it('keeps suppressed devices out and the others in', async () => {
    await known({}, ['phone', 'gone'])
    await database.db.transaction((tx) =>
      suppressAddresses(
        tx,
        [
          {
            projectId: TEST_PROJECT,
            suppressionId: newId(),
            accountId: newId(),
            reason: 1,
            detail: 'UNREGISTERED',
            address: 'gone',
            channel: 4,
            live: true,
          },
        ],
        new Date(),
      ),
    )
    const rows = await messagesOf(await send({ content: push }))
    assert.deepEqual(rows.map(({ to, state, queued }) => [to, state, queued]).toSorted(), [
      ['gone', MessageState.SUPPRESSED, false],
      ['phone', MessageState.ACCEPTED, true],
    ])
  })

  it('shares a batch with others without mixing them up', async () => {
    await known({}, ['phone', 'tablet'])
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        n % 2 === 0
          ? send({ content: push })
          : send({ content: sms, to: { target: { case: 'phone', value: '+491701234567' } } }),
      ),
    )
    for (const [n, answer] of answers.entries()) {
      const rows = await messagesOf(answer)
      assert.deepEqual(
        rows.map(({ to }) => to).toSorted(),
        n % 2 === 0 ? ['phone', 'tablet'] : ['+491701234567'],
      )
    }
    assert.equal(await count('notify.messages'), 90)
  })

  it('reaches the devices whose push service there is an account of', async () => {
    const apnsToken = 'a1'.repeat(32)
    const subscription = JSON.stringify({
      endpoint: 'https://push.example/x',
      keys: { p256dh: '', auth: '' },
    })
    await known({}, ['fcm:token', apnsToken, subscription])
    const to = async () => (await messagesOf(await send({ content: push }))).map((row) => row.to).toSorted()
    try {
      accounts = [{ ...scriptAccount(), takes: fcm.takes }]
      assert.deepEqual(await to(), ['fcm:token'])
      accounts = [
        { ...scriptAccount(), takes: apns.takes },
        { ...scriptAccount(), takes: webPush.takes },
      ]
      assert.deepEqual(await to(), [apnsToken, subscription])
      accounts = [scriptAccount()]
      assert.deepEqual(await to(), [apnsToken, 'fcm:token', subscription])
      accounts = [{ ...scriptAccount(), takes: apns.takes }]
      await known({}, [])
      await assert.rejects(
        send({ content: push, to: { target: { case: 'deviceToken', value: 'fcm:token' } } }),
        {
          reason: 'notify.no_provider',
          message: /other push services/,
        },
      )
    } finally {
      accounts = [scriptAccount()]
    }
  })

  it('takes their own number first, then the newest that was verified, then the newest', async () => {
    const to = async (content: typeof sms) => (await messagesOf(await send({ content })))[0]?.to
    await assert.rejects(send({ content: sms }), { reason: 'notify.recipient_unreachable' })
    await assert.rejects(send({ content: push }), { reason: 'notify.recipient_unreachable' })
    await add({ address: '+491701111111' })
    await add({ address: '+491702222222' })
    assert.equal(await to(sms), '+491702222222')
    await add({ address: '+491701111111', verified: true })
    assert.equal(await to(sms), '+491701111111')
    const whatsapp = { case: 'whatsapp', value: { content: { case: 'text', value: 'Hello' } } } as const
    assert.equal((await messagesOf(await send({ content: whatsapp })))[0]?.to, '+491701111111')
    await known({ phone: '+491703333333' })
    assert.equal(await to(sms), '+491703333333')
    await add({ channel: 5, address: 'U012AB3CD' })
    const chat = { case: 'chat', value: { text: 'Hello' } } as const
    assert.equal((await messagesOf(await send({ content: chat })))[0]?.to, 'U012AB3CD')
  })

  it('speaks their language where the request names none', async () => {
    const parts = { en: { text: 'Hello' }, pt: { text: 'Olá' } }
    await templates.create(testAct(TEST_PROJECT), 'greeting', content(parts, { channel: 'sms' }))
    await known({ phone: '+491701234567', locale: 'pt-BR' })
    const template = { case: 'template', value: { name: 'greeting' } } as const
    const localeOf = async ({ notificationId }: Notification) => {
      const { rows } = await database.db.query<{ locale: string }>({
        text: `SELECT content -> 'template' ->> 'locale' AS locale FROM notify.notifications WHERE notification_id = $1`,
        values: [fromTypeId('ntf', notificationId)],
      })
      return rows[0]?.locale
    }
    assert.equal(await localeOf(await send({ content: template })), 'pt-BR')
    assert.equal(await localeOf(await send({ content: template, locale: 'en' })), 'en')
  })
})
