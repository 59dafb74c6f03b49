import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { createPageTokens, fromTypeId, newId, systemClock } from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { MessageState } from '@mainstay/proto/notify/v1'
import {
  CreateSuppressionRequestSchema,
  DeleteSuppressionRequestSchema,
  ListSuppressionsRequestSchema,
  SuppressionReason,
} from '@mainstay/proto/notify/v1/suppressions'
import { insertBatch } from '../accept/store.ts'
import { createReportIntake } from '../reports/intake.ts'
import { testCall } from '../testing/call.ts'
import { draft } from '../testing/drafts.ts'
import { countQueued, ledgerMigrations, queueMessages, readMessage, TEST_PROJECT } from '../testing/ledger.ts'
import { useWorkers } from '../testing/use-workers.ts'
import { scriptAccount } from '../testing/worker.ts'
import { suppressionHandlers } from './api.ts'
import { suppressAddresses } from './store.ts'

const { ACCEPTED, FAILED, SENT, SUPPRESSED } = MessageState
const { BOUNCED, UNSUBSCRIBED } = SuppressionReason

describe('a suppressed address', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const startWorker = useWorkers(database)
  afterEach(async () => {
    await database.db.query({
      text: 'TRUNCATE notify.suppressions, notify.provider_events, notify.message_notes, notify.notifications',
    })
  })

  const handlers = () =>
    suppressionHandlers({
      db: database.db,
      clock: systemClock,
      pageTokens: createPageTokens(new Uint8Array(32)),
    })

  const suppress = async (
    init: MessageInitShape<typeof CreateSuppressionRequestSchema>,
    call = testCall({ actor: 'opr_ann' }),
  ) => handlers().createSuppression(create(CreateSuppressionRequestSchema, init), call)

  const remove = async (suppressionId: string, call = testCall({ actor: 'opr_ann' })) =>
    handlers().deleteSuppression(create(DeleteSuppressionRequestSchema, { suppressionId }), call)

  async function list(init: MessageInitShape<typeof ListSuppressionsRequestSchema> = {}) {
    const answer = await handlers().listSuppressions(create(ListSuppressionsRequestSchema, init), testCall())
    return { suppressions: answer.suppressions ?? [], nextPageToken: answer.nextPageToken ?? '' }
  }

  /** Suppresses as a provider's word does. */
  async function condemn(address: string, reason: 1 | 2 | 3, channel = 1, live = true): Promise<void> {
    await database.db.transaction((tx) =>
      suppressAddresses(
        tx,
        [
          {
            ...{ projectId: TEST_PROJECT, suppressionId: newId(), accountId: newId(), detail: '' },
            ...{ address, channel, live, reason },
          },
        ],
        new Date(),
      ),
    )
  }

  async function accept(changes: Parameters<typeof draft>[0]): Promise<MessageState> {
    const one = draft(changes)
    await insertBatch(database.db, [one], Date.now() + 60_000)
    return (await readMessage(database.db, one.messageId)).state
  }

  test('gets nothing: a message to it is accepted, ends as suppressed at once, and says why', async () => {
    await condemn('Ann@Example.com', 1)
    const [one, other] = [draft({ to: 'ann@example.com' }), draft({ to: 'bea@example.com' })]
    await insertBatch(database.db, [other, one], Date.now() + 60_000)
    const message = await readMessage(database.db, one.messageId)
    assert.equal(message.state, SUPPRESSED)
    assert.equal(message.detail, 'The address is suppressed: a message to it bounced.')
    assert.equal((await readMessage(database.db, other.messageId)).state, ACCEPTED)
    assert.equal(await countQueued(database.db), 1)
    const { rows } = await database.db.query<{ ids: string[] }>({
      text: `SELECT payload -> 'messageIds' AS ids FROM kernel.outbox WHERE topic = 'notify.messages_ended'`,
    })
    assert.deepEqual(rows, [{ ids: [one.messageId] }])
  })

  test('gets nothing that was accepted before either', async () => {
    const ids = await queueMessages(database.db, [{ to: 'ann@example.com' }, { to: 'bea@example.com' }])
    await condemn('ann@example.com', 2)
    const account = scriptAccount()
    await startWorker({ accounts: [account] })
    await waitFor(async () => (await countQueued(database.db)) === 0)
    const [first, second] = await Promise.all(ids.map((id) => readMessage(database.db, id)))
    assert.equal(first?.state, SUPPRESSED)
    assert.equal(second?.state, SENT)
    assert.deepEqual(
      account.sent.map(({ to }) => to),
      ['bea@example.com'],
    )
  })

  test('is one of its project, mode and channel only', async () => {
    await condemn('ann@example.com', 1, 1, false)
    await condemn('+491701234567', 1, 2)
    assert.equal(await accept({ to: 'ann@example.com' }), ACCEPTED)
    assert.equal(await accept({ to: 'ann@example.com', live: false }), SUPPRESSED)
    assert.equal(await accept({ to: 'ann@example.com', live: false, projectId: newId() }), ACCEPTED)
    assert.equal(await accept({ to: '+491701234567', channel: 2 }), SUPPRESSED)
    assert.equal(await accept({ to: '+491701234567', channel: 3 }), ACCEPTED)
  })

  test('that unsubscribed still gets its one-time codes, and one that bounced does not', async () => {
    await condemn('ann@example.com', 3)
    assert.equal(await accept({ to: 'ann@example.com', class: 1 }), ACCEPTED)
    assert.equal(await accept({ to: 'ann@example.com', class: 2 }), SUPPRESSED)
    const [code = ''] = await queueMessages(database.db, [{ to: 'ann@example.com', lane: 1 }])
    await startWorker()
    await waitFor(async () => (await readMessage(database.db, code)).state === SENT)
    await condemn('ann@example.com', 1)
    assert.equal(await accept({ to: 'ann@example.com', class: 1 }), SUPPRESSED)
  })

  test('may be as long as a push subscription, and differ in case where that means another device', async () => {
    const token = `${'a1B2'.repeat(1000)}`
    await condemn(token, 1, 4)
    assert.equal(await accept({ to: 'Token-1', channel: 4 }), ACCEPTED)
    await condemn('token-1', 1, 4)
    assert.equal(await accept({ to: 'Token-1', channel: 4 }), ACCEPTED)
    assert.equal(await accept({ to: 'token-1', channel: 4 }), SUPPRESSED)
    assert.equal((await list({ address: token })).suppressions.length, 1)
  })

  test('is one that a provider refuses for good, from the commit of that attempt on', async () => {
    const [id = ''] = await queueMessages(database.db, [{ to: 'gone@example.com' }])
    await startWorker({
      accounts: [
        scriptAccount(() => ({
          outcome: 'rejected_permanent',
          reply: '550 no such user',
          addressFault: true,
        })),
      ],
    })
    await waitFor(async () => (await readMessage(database.db, id)).state === FAILED)
    const [found] = (await list()).suppressions
    assert.equal(found?.reason, BOUNCED)
    assert.equal(found?.detail, '550 no such user')
    assert.equal(fromTypeId('msg', found?.messageId ?? ''), id)
    assert.equal(await accept({ to: 'GONE@example.com' }), SUPPRESSED)
  })

  test('is the one that a message bounced from, whatever the report calls it, or the reported one of a stranger', async () => {
    const [id = ''] = await queueMessages(database.db, [{ to: 'alias@example.com' }])
    const answer = () => ({ outcome: 'accepted', providerMessageId: 'p-1', reply: 'ok' }) as const
    const account = scriptAccount(answer)
    await startWorker({ accounts: [account] })
    await waitFor(async () => (await readMessage(database.db, id)).state === SENT)
    const intake = createReportIntake({ db: database.db, clock: systemClock, onChanged: () => {} })
    const told = { timeMs: Date.now(), detail: '550', address: 'Real@example.com' }
    await intake.store({
      account: {
        ...{
          projectId: TEST_PROJECT,
          accountId: account.providerAccountId,
          kind: 'x',
          channel: 'email',
          live: true,
        },
        reader: { read: () => ({ events: [] }) },
        config: {},
      },
      body: Buffer.from('{}'),
      receivedMs: Date.now(),
      events: [
        { ...told, eventId: '1', kind: 'bounced', providerMessageId: 'p-1' },
        { ...told, eventId: '2', kind: 'unsubscribed', address: 'stranger@example.com' },
        { ...told, eventId: '3', kind: 'bounced', address: 'no address' },
      ],
    })
    const { suppressions } = await list()
    assert.deepEqual(suppressions.map(({ address }) => address).toSorted(), [
      'alias@example.com',
      'stranger@example.com',
    ])
    assert.equal(suppressions.find(({ address }) => address === 'stranger@example.com')?.reason, UNSUBSCRIBED)
  })

  test('is sent to again once it is deleted, or has ended; both changes are in the audit', async () => {
    const made = await suppress({
      channel: 'CHANNEL_EMAIL',
      address: 'ann@example.com',
      detail: 'asked by phone',
    })
    assert.equal(await accept({ to: 'ann@example.com' }), SUPPRESSED)
    await remove(made.suppressionId ?? '')
    assert.equal(await accept({ to: 'ann@example.com' }), ACCEPTED)
    await assert.rejects(remove(made.suppressionId ?? ''), { reason: 'notify.suppression_not_found' })
    const { rows } = await database.db.query<{ action: string; actor: string }>({
      text: 'SELECT action, actor FROM access.audit_entries WHERE resource = $1 ORDER BY audit_entry_id',
      values: [made.suppressionId],
    })
    assert.deepEqual(rows, [
      { action: 'notify.suppressions.create', actor: 'opr_ann' },
      { action: 'notify.suppressions.delete', actor: 'opr_ann' },
    ])
    await suppress({
      channel: 'CHANNEL_EMAIL',
      address: 'bea@example.com',
      expireTime: timestampFromMs(Date.now() + 200),
    })
    await waitFor(async () => (await list({ address: 'bea@example.com' })).suppressions.length === 0)
    assert.equal(await accept({ to: 'bea@example.com' }), ACCEPTED)
  })

  test('is on the list once for each reason, however many say so at once', async () => {
    const wanted = { channel: 'CHANNEL_SMS', address: '+491701234567' }
    await Promise.all(Array.from({ length: 25 }, () => suppress(wanted)))
    await Promise.all(Array.from({ length: 25 }, () => condemn('+491701234567', 1, 2)))
    assert.equal((await list()).suppressions.length, 2)
  })

  test('is found page by page, by channel, address, reason and mode', async () => {
    for (const name of ['a', 'b', 'c']) await condemn(`${name}@example.com`, 1)
    await condemn('+491701234567', 3, 2)
    await condemn('a@example.com', 1, 1, false)
    const seen: string[] = []
    for (let pageToken = ''; ; ) {
      const page = await list({ pageSize: 2, pageToken })
      seen.push(...page.suppressions.map(({ suppressionId = '' }) => suppressionId))
      pageToken = page.nextPageToken
      if (pageToken === '') break
    }
    assert.equal(new Set(seen).size, 5)
    assert.deepEqual(seen, seen.toSorted().toReversed())
    const count = async (init: Parameters<typeof list>[0]) => (await list(init)).suppressions.length
    assert.equal(await count({ channel: 'CHANNEL_SMS' }), 1)
    assert.equal(await count({ address: 'A@EXAMPLE.com' }), 2)
    assert.equal(await count({ address: 'a@example.com', live: false }), 1)
    assert.equal(await count({ reason: UNSUBSCRIBED }), 1)
  })

  test('of live messages is none of a test key', async () => {
    const test = testCall({ testMode: true })
    const address = { channel: 'CHANNEL_EMAIL', address: 'ann@example.com' }
    await assert.rejects(suppress({ ...address, live: true }, test), { reason: 'notify.mode_not_allowed' })
    const live = await suppress(address)
    await assert.rejects(remove(live.suppressionId ?? '', test), { reason: 'notify.suppression_not_found' })
    assert.equal((await suppress(address, test)).live, false)
  })

  test('must be an address of its channel, and end in the future', async () => {
    for (const wrong of [
      { channel: 'CHANNEL_EMAIL', address: 'no address' },
      { channel: 'CHANNEL_SMS', address: '0170 123' },
      { channel: 'CHANNEL_CHAT', address: 'C\0' },
      { channel: 'CHANNEL_CHAT', address: 'C1', detail: '\0' },
      { channel: 'CHANNEL_CHAT', address: 'C1', expireTime: timestampFromMs(Date.now() - 1) },
    ]) {
      await assert.rejects(suppress(wrong), { reason: 'notify.request_invalid' })
    }
    await assert.rejects(list({ address: '\0' }), { reason: 'notify.request_invalid' })
  })
})
