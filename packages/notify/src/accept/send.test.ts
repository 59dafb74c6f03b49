import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import {
  type AppError,
  type Bus,
  createBus,
  fromTypeId,
  isUuid,
  newId,
  systemClock,
  toTypeId,
} from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import {
  Channel,
  type Notification,
  SendNotificationRequestSchema,
  UnknownPolicy,
  UpdateRecipientRequestSchema,
} from '@mainstay/proto/notify/v1'
import type { CallContext } from '@mainstay/rpc'
import { recipientHandlers } from '../recipients/api.ts'
import type { OwnContent } from '../rendering.ts'
import { createTemplates, type Templates } from '../templates/service.ts'
import { type TestCallOptions, testCall } from '../testing/call.ts'
import { ledgerMigrations, TEST_PROJECT } from '../testing/ledger.ts'
import { testRecipients } from '../testing/people.ts'
import { storeCategory } from '../testing/preferences.ts'
import { createTestSend } from '../testing/sender.ts'
import { content, emailContent, testAct } from '../testing/templates.ts'
import { scriptAccount } from '../testing/worker.ts'
import type { createSend } from './send.ts'
import { SEND_METHOD } from './store.ts'

type RequestInit = MessageInitShape<typeof SendNotificationRequestSchema>

const email = { case: 'email', value: { subject: 'Hello', text: 'Hello there' } } as const
const toAnn = { target: { case: 'email', value: 'ann@example.com' } } as const
const DAY_MS = 86_400_000

describe('sending a notification', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  let bus: Bus
  let templates: Templates
  let accounts = [scriptAccount()]
  let sendIt: ReturnType<typeof createSend>

  before(async () => {
    const { db } = database
    bus = createBus({ connection: database.connectionString })
    await bus.start()
    templates = createTemplates({ db, bus, clock: systemClock })
    sendIt = createTestSend(db, {
      directory: { candidates: async (_projectId, live) => (live ? accounts : []) },
      renderer: templates,
    })
  })
  after(() => bus.stop())

  const send = (init: RequestInit = {}, call: TestCallOptions = {}): Promise<Notification> =>
    sendTo(init, testCall({ method: SEND_METHOD, ...call }))
  const sendTo = (init: RequestInit, call: CallContext) =>
    sendIt(
      create(SendNotificationRequestSchema, { to: toAnn, content: email, ...init } as RequestInit),
      call,
    ) as Promise<Notification>

  async function stored({ messageIds }: Pick<Notification, 'messageIds'>) {
    const { rows } = await database.db.query<
      Record<string, unknown> & { send_time: Date; expire_time: Date }
    >({
      text: `SELECT m.*, n.content, n.actor, n.request_id FROM notify.messages m
             JOIN notify.notifications n USING (project_id, notification_id) WHERE m.message_id = $1`,
      values: [fromTypeId('msg', messageIds[0] ?? '')],
    })
    return rows[0] ?? assert.fail('the message is not there')
  }

  it('answers with ids under which it is stored, by whom and in which trace', async () => {
    const call = testCall({ actor: 'key_shop' })
    const answer = await sendTo({}, call)
    assert.match(answer.notificationId, /^ntf_[0-9a-z]{26}$/)
    assert.equal(answer.deduplicated, false)
    const row = await stored(answer)
    assert.equal(toTypeId('ntf', String(row.notification_id)), answer.notificationId)
    assert.equal(row.actor, 'key_shop')
    assert.equal(row.request_id, 'req_test')
    assert.equal(row.trace_id, call.trace.traceId)
    assert.equal(row.live, true)
    assert.equal(row.class, 2)
  })

  it('gives each class its time to live and its policy, unless the caller says otherwise', async () => {
    const { AT_LEAST_ONCE, AT_MOST_ONCE } = UnknownPolicy
    const cases: [RequestInit, number, UnknownPolicy][] = [
      [{ messageClass: 1 }, 300_000, AT_LEAST_ONCE],
      [{ messageClass: 2 }, DAY_MS, AT_MOST_ONCE],
      [{ messageClass: 3 }, 3 * DAY_MS, AT_MOST_ONCE],
      [{ ttl: { seconds: 1n, nanos: 500_000_000 }, unknownPolicy: AT_LEAST_ONCE }, 1500, AT_LEAST_ONCE],
    ]
    for (const [init, ttlMs, policy] of cases) {
      const row = await stored(await send(init))
      assert.equal(row.expire_time.getTime() - row.send_time.getTime(), ttlMs)
      assert.equal(row.unknown_policy, policy)
    }
  })

  it('sends now what was to be sent in the past, and later what is to be sent later', async () => {
    const past = await stored(await send({ sendTime: timestampFromMs(0) }))
    assert.ok(Math.abs(past.send_time.getTime() - Date.now()) < 60_000)
    const laterMs = Date.now() + 90 * DAY_MS
    const later = await stored(await send({ sendTime: timestampFromMs(laterMs) }))
    assert.equal(later.send_time.getTime(), laterMs)
    assert.equal(later.expire_time.getTime(), laterMs + DAY_MS)
    await assert.rejects(send({ sendTime: timestampFromMs(Date.now() + 366 * DAY_MS) }), {
      reason: 'notify.request_invalid',
      violations: [{ field: 'sendTime', description: 'must be at most 365 days ahead' }],
    })
  })

  it('fixes a template’s version when it is called, and refuses one that is not there', async () => {
    const act = testAct(TEST_PROJECT)
    await templates.create(act, 'welcome', emailContent('Hello {{ name }}', 'Hi {{ name }}'))
    const content = { case: 'template', value: { name: 'welcome' } } as const
    const row = await stored(await send({ content, data: { name: 'Ann' } }))
    await templates.create(act, 'welcome', emailContent('Bye {{ name }}', 'Bye'))
    assert.deepEqual(row.content, { template: { name: 'welcome', version: 1 }, data: { name: 'Ann' } })
    assert.deepEqual([row.template_name, row.template_version], ['welcome', 1])
    await assert.rejects(send({ content: { case: 'template', value: { name: 'nope' } } }), {
      code: 'not_found',
      reason: 'notify.template_not_found',
    })
  })

  it('sends a template over its own channel, in the locale asked for', async () => {
    const parts = { en: { text: 'Hello {{ name }}' }, pt: { text: 'Olá {{ name }}' } }
    await templates.create(testAct(TEST_PROJECT), 'code', content(parts, { channel: 'sms' }))
    const template = { case: 'template', value: { name: 'code' } } as const
    const to = { target: { case: 'phone', value: '+491701234567' } } as const
    const call = { to, content: template, data: { name: 'Ann' } }
    const row = await stored(await send({ ...call, locale: 'pt-BR' }))
    assert.deepEqual(row.content, {
      template: { name: 'code', version: 1, locale: 'pt-BR' },
      data: { name: 'Ann' },
    })
    assert.deepEqual([row.channel, row.to_address, row.subject], [Channel.SMS, '+491701234567', ''])
    assert.deepEqual(await templates.render(TEST_PROJECT, row.content as OwnContent), {
      sms: { text: 'Olá Ann' },
    })
    await assert.rejects(send({ content: template, data: { name: 'Ann' } }), {
      reason: 'notify.request_invalid',
    })
    await assert.rejects(send({ ...call, channel: Channel.EMAIL }), {
      reason: 'notify.request_invalid',
      violations: [{ field: 'channel', description: 'must be unset or that of the content, sms' }],
    })
    await assert.rejects(send({ ...call, data: {} }), {
      reason: 'notify.template_invalid',
      violations: [{ field: 'data.name', description: 'is used by the template and not given' }],
    })
  })

  it('takes the address of a recipient as it is at the moment of the call', async () => {
    const { updateRecipient } = recipientHandlers(testRecipients(database.db))
    const store = (address: string) =>
      updateRecipient(
        create(UpdateRecipientRequestSchema, { recipient: { recipientId: 'user-1', email: address } }),
        testCall(),
      )
    const to = { target: { case: 'recipientId', value: 'user-1' } } as const
    await assert.rejects(send({ to }), { code: 'not_found', reason: 'notify.recipient_not_found' })
    for (const address of ['old@example.com', 'new@example.com']) {
      await store(address)
      const row = await stored(await send({ to }))
      assert.deepEqual([row.to_address, row.recipient_id], [address, 'user-1'])
    }
    await store('')
    await assert.rejects(send({ to }), {
      code: 'failed_precondition',
      reason: 'notify.recipient_unreachable',
    })
  })

  it('refuses an address that no mail server would take', async () => {
    for (const value of ['ann@exa mple.com', '"a b"@example.com', 'änn@example.com']) {
      await assert.rejects(send({ to: { target: { case: 'email', value } } }), {
        reason: 'notify.recipient_unreachable',
      })
    }
    const row = await stored(await send({ to: { target: { case: 'email', value: 'ann@bücher.example' } } }))
    assert.equal(row.to_address, 'ann@xn--bcher-kva.example')
  })

  it('says where nothing could carry it: test keys have their own accounts', async () => {
    await assert.rejects(send({}, { testMode: true }), {
      code: 'failed_precondition',
      reason: 'notify.no_provider',
      message: /No enabled provider account carries test email/,
    })
  })

  it('answers a second notification of a dedupe key with the first', async () => {
    const dedupeKey = newId()
    const first = await send({ dedupeKey })
    const second = await send({
      dedupeKey,
      content: { case: 'email', value: { subject: 'Other', text: 'x' } },
    })
    assert.deepEqual(second, { ...first, deduplicated: true })
  })

  it('replays an answer, with the header that says so, even when the call would be refused by now', async () => {
    const idempotency = { key: newId(), requestHash: randomBytes(32) }
    const first = await send({}, { idempotency })
    accounts = []
    const again = testCall({ idempotency })
    assert.deepEqual(await sendTo({}, again), first)
    assert.equal(again.sentHeaders.get('idempotent-replayed'), 'true')
    await assert.rejects(send({}, { idempotency: { key: newId(), requestHash: randomBytes(32) } }), {
      reason: 'notify.no_provider',
    })
    await assert.rejects(send({}, { idempotency: { ...idempotency, requestHash: randomBytes(32) } }), {
      reason: 'access.idempotency_key_reused',
    })
    accounts = [scriptAccount()]
  })

  it('knows the category, or says at the field that there is none; a repeated call is answered as before', async () => {
    await storeCategory(database.db, 'offers')
    const idempotency = { key: 'offers-1', requestHash: randomBytes(32) }
    const first = await send({ category: 'offers' }, { idempotency })
    assert.equal((await stored(first)).category, 'offers')
    await assert.rejects(send({ category: 'ofers' }), (error: AppError) => {
      assert.equal(error.reason, 'notify.category_not_found')
      assert.deepEqual(error.violations, [
        { field: 'category', description: 'is not a category of this project' },
      ])
      return true
    })
    await database.db.query({ text: 'DELETE FROM notify.categories' })
    const repeated = await send({ category: 'offers' }, { idempotency })
    assert.deepEqual(repeated.messageIds, first.messageIds)
  })

  it('keeps nothing of a call that was refused, so that the same key works once the cause is gone', async () => {
    const idempotency = { key: newId(), requestHash: randomBytes(32) }
    accounts = []
    await assert.rejects(send({}, { idempotency }), { reason: 'notify.no_provider' })
    accounts = [scriptAccount()]
    const answer = await send({}, { idempotency })
    assert.ok(isUuid(fromTypeId('ntf', answer.notificationId) ?? ''))
  })
})
