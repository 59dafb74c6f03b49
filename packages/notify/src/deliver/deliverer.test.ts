import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AppError, createBus } from '@mainstay/kernel'
import { createFakeClock, useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { AttemptOutcome, MessageState } from '@mainstay/proto/notify/v1'
import type { ProviderResult } from '../providers/adapter.ts'
import {
  countQueued,
  countStates,
  ledgerMigrations,
  queueMessages,
  readMessage,
  readOutcomes,
} from '../testing/ledger.ts'
import { useWorkers } from '../testing/use-workers.ts'
import { scriptAccount, scriptDirectory } from '../testing/worker.ts'
import { QUEUE_CHANNEL } from './deliverer.ts'

const { ACCEPTED, REJECTED_PERMANENT, REJECTED_TRANSIENT } = AttemptOutcome

describe('a worker', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const work = useWorkers(database)
  const queueIsEmpty = () =>
    waitFor(async () => (await countQueued(database.db)) === 0, { what: 'an empty queue' })

  it('sends a code that comes while a claim of bulk messages is under way, without waiting for it', async () => {
    const account = scriptAccount()
    const held = Promise.withResolvers<void>()
    const began = Promise.withResolvers<void>()
    const template = { template: { name: 'news', version: 1 }, data: {} }
    await queueMessages(database.db, [{ lane: 3, content: template }])
    await work({
      accounts: [account],
      renderer: {
        async render() {
          began.resolve()
          await held.promise
          return { email: { subject: 'News', text: 'x', html: '' } }
        },
      },
    })
    await began.promise
    await queueMessages(database.db, [{ lane: 1, to: 'code@example.com' }])
    await waitFor(() => account.sent.length > 0)
    assert.deepEqual(
      account.sent.map(({ to }) => to),
      ['code@example.com'],
    )
    held.resolve()
    await queueIsEmpty()
    assert.equal(account.sent.length, 2)
  })

  it('sends what is due and records the attempt and the end in one go', async () => {
    const account = scriptAccount(() => ({
      outcome: 'accepted',
      providerMessageId: 'p-1',
      reply: '250 queued',
    }))
    const [id = ''] = await queueMessages(database.db, [{ to: 'ada@example.com' }])
    await work({ accounts: [account] })
    await queueIsEmpty()
    const message = await readMessage(database.db, id)
    assert.equal(message.state, MessageState.SENT)
    assert.equal(message.attemptCount, 1)
    assert.equal(message.accountId, account.providerAccountId)
    assert.ok(message.sentTime)
    const { rows } = await database.db.query({
      text: `SELECT attempt, outcome, provider_message_id, reply, provider_account_id, retry_time,
        start_time <= end_time AS in_order FROM notify.delivery_attempts WHERE message_id = $1`,
      values: [id],
    })
    assert.deepEqual(rows, [
      {
        attempt: 1,
        outcome: ACCEPTED,
        provider_message_id: 'p-1',
        reply: '250 queued',
        provider_account_id: account.providerAccountId,
        retry_time: null,
        in_order: true,
      },
    ])
    const told = await database.db.query({
      text: `SELECT (SELECT count(*)::int4 FROM notify.message_changes WHERE message_ids = ARRAY[$1::uuid]) AS changes,
        (SELECT array_agg(payload ->> 'messageIds') FROM kernel.outbox WHERE topic = 'notify.messages_ended') AS ended`,
      values: [id],
    })
    assert.deepEqual(told.rows, [{ changes: 2, ended: [`["${id}"]`] }])
    assert.equal(account.sent[0]?.to, 'ada@example.com')
    assert.match(account.sent[0]?.messageId ?? '', /^msg_[0-9a-z]{26}$/)
  })

  it('has journaled the attempt before the provider hears of it', async () => {
    const seen: unknown[] = []
    const account = scriptAccount(async () => {
      const { rows } = await database.db.query({
        text: `SELECT lease_epoch, lease_owner IS NOT NULL AS leased, provider_account_id, start_time IS NOT NULL AS started
          FROM notify.delivery_queue`,
      })
      seen.push(...rows)
      return { outcome: 'accepted', reply: '' }
    })
    await queueMessages(database.db, [{}])
    await work({ accounts: [account] })
    await queueIsEmpty()
    assert.deepEqual(seen, [
      { lease_epoch: 1, leased: true, provider_account_id: account.providerAccountId, started: true },
    ])
  })

  it('tries again after a refusal for now, and stops at one for good', async () => {
    const answers: ProviderResult[] = [
      { outcome: 'rejected_transient', reply: '451 later' },
      { outcome: 'rejected_permanent', reply: '550 no such user' },
    ]
    const account = scriptAccount((email) => answers[email.attempt - 1] ?? { outcome: 'accepted', reply: '' })
    const [id = ''] = await queueMessages(database.db, [{}])
    await work({ accounts: [account] })
    await queueIsEmpty()
    const message = await readMessage(database.db, id)
    assert.equal(message.state, MessageState.FAILED)
    assert.equal(message.detail, 'The provider refused it: 550 no such user')
    assert.equal(message.attemptCount, 2)
    assert.deepEqual(await readOutcomes(database.db, id), [REJECTED_TRANSIENT, REJECTED_PERMANENT])
  })

  it('fails a message whose every attempt was refused', async () => {
    const account = scriptAccount(() => ({ outcome: 'rejected_transient', reply: '451 later' }))
    const [id = ''] = await queueMessages(database.db, [{}])
    await work({ accounts: [account], settings: { transactionalMaxAttempts: 3 } })
    await queueIsEmpty()
    const message = await readMessage(database.db, id)
    assert.equal(message.state, MessageState.FAILED)
    assert.equal(message.detail, 'Every attempt was refused. The provider refused it for now: 451 later')
    assert.equal(account.sent.length, 3)
  })

  it('waits as long as the provider asks', async () => {
    const account = scriptAccount(() => ({
      outcome: 'rejected_transient',
      reply: '429',
      retryAfterMs: 60_000,
    }))
    const [id = ''] = await queueMessages(database.db, [{}])
    const before = Date.now()
    await work({ accounts: [account] })
    await waitFor(async () => (await readOutcomes(database.db, id)).length === 1)
    const { rows } = await database.db.query<{ due: Date; retry: Date }>({
      text: 'SELECT q.due_time AS due, a.retry_time AS retry FROM notify.delivery_queue q JOIN notify.delivery_attempts a USING (message_id)',
    })
    assert.ok((rows[0]?.due.getTime() ?? 0) >= before + 60_000)
    assert.deepEqual(rows[0]?.due, rows[0]?.retry)
    assert.equal((await readMessage(database.db, id)).state, MessageState.ACCEPTED)
  })

  it('expires a message that no further attempt can reach in time, and one that waited too long', async () => {
    const account = scriptAccount(() => ({
      outcome: 'rejected_transient',
      reply: '421',
      retryAfterMs: 60_000,
    }))
    const [late = '', old = ''] = await queueMessages(database.db, [
      { expireMs: Date.now() + 30_000 },
      { expireMs: Date.now() - 1 },
    ])
    await work({ accounts: [account] })
    await queueIsEmpty()
    const message = await readMessage(database.db, late)
    assert.equal(message.state, MessageState.EXPIRED)
    assert.equal(message.detail, 'It was not sent in time. The provider refused it for now: 421')
    assert.equal((await readMessage(database.db, old)).state, MessageState.EXPIRED)
    assert.equal(account.sent.length, 1)
  })

  it('moves to the next account when one is at fault, and tells why on the attempt', async () => {
    const broken = scriptAccount(() => ({
      outcome: 'rejected_transient',
      reply: '535 bad password',
      accountFault: true,
    }))
    const spare = scriptAccount(undefined, { number: 2 })
    const [id = ''] = await queueMessages(database.db, [{}])
    await work({ accounts: [broken, spare] })
    await queueIsEmpty()
    assert.equal((await readMessage(database.db, id)).state, MessageState.SENT)
    assert.equal(spare.sent.length, 1)
    const { rows } = await database.db.query<{ routing: unknown }>({
      text: 'SELECT routing FROM notify.delivery_attempts ORDER BY attempt',
    })
    assert.deepEqual(
      rows.map((row) => row.routing),
      [
        null,
        { rejected: [{ account: broken.providerAccountId, reason: 'resting after a fault of the account' }] },
      ],
    )
  })

  it('keeps messages waiting and says why while the only account is at fault', async () => {
    let isBroken = true
    const clock = createFakeClock(Date.now())
    const account = scriptAccount(() =>
      isBroken
        ? { outcome: 'rejected_transient', reply: '535 bad password', accountFault: true }
        : { outcome: 'accepted', reply: '' },
    )
    const ids = await queueMessages(database.db, [{}, {}, {}])
    await work({ accounts: [account], clock })
    clock.advance(1000)
    await waitFor(async () => {
      clock.advance(5)
      const messages = await Promise.all(ids.map((id) => readMessage(database.db, id)))
      return messages.every((message) => message.detail?.startsWith('Waiting for a provider account'))
    })
    const tried = account.sent.length
    isBroken = false
    clock.advance(600_000)
    await queueIsEmpty()
    assert.deepEqual(await countStates(database.db), { SENT: 3 })
    assert.ok(tried <= 3)
  })

  it('keeps messages waiting without any account, says so, and sends once there is one', async () => {
    const accounts: ReturnType<typeof scriptAccount>[] = []
    const account = scriptAccount()
    const [id = ''] = await queueMessages(database.db, [{}])
    const directory = scriptDirectory([account])
    await work({ directory: { ...directory, candidates: async () => accounts } })
    await waitFor(async () => (await readMessage(database.db, id)).detail !== null)
    const message = await readMessage(database.db, id)
    assert.equal(message.detail, 'No provider account takes it: add one, or switch one on.')
    assert.equal(message.attemptCount, 0)
    accounts.push(account)
    await queueIsEmpty()
    assert.equal((await readMessage(database.db, id)).detail, null)
  })

  it('fails a message that cannot be made, without an attempt', async () => {
    const [id = ''] = await queueMessages(database.db, [
      { content: { template: { name: 'order', version: 1 }, data: {} } },
    ])
    await work({
      renderer: {
        render: async () => {
          throw new AppError({
            code: 'invalid_argument',
            reason: 'notify.template_invalid',
            message: 'data.order is missing.',
          })
        },
      },
    })
    await queueIsEmpty()
    const message = await readMessage(database.db, id)
    assert.equal(message.state, MessageState.FAILED)
    assert.equal(message.detail, 'It could not be made: data.order is missing.')
    assert.equal(message.attemptCount, 0)
  })

  it('stores the subject that a template made', async () => {
    const [id = ''] = await queueMessages(database.db, [
      { content: { template: { name: 'order', version: 1 }, data: {} } },
    ])
    await work()
    await queueIsEmpty()
    assert.equal((await readMessage(database.db, id)).subject, 'Rendered')
  })

  it('sends at the time asked for, not before', async () => {
    const clock = createFakeClock(Date.now())
    const account = scriptAccount()
    const [, later = ''] = await queueMessages(database.db, [{}, { dueMs: Date.now() + 60_000 }])
    await work({ accounts: [account], clock })
    clock.advance(1000)
    await waitFor(() => account.sent.length === 1)
    assert.equal((await readMessage(database.db, later)).state, MessageState.ACCEPTED)
    clock.advance(60_000)
    await queueIsEmpty()
    assert.equal(account.sent.length, 2)
  })

  it('leaves alone a message that was cancelled, and takes its leftover out of the queue', async () => {
    const account = scriptAccount()
    const [id = ''] = await queueMessages(database.db, [{}])
    await database.db.query({
      text: 'UPDATE notify.messages SET state = 12 WHERE message_id = $1',
      values: [id],
    })
    await work({ accounts: [account] })
    await queueIsEmpty()
    assert.equal(account.sent.length, 0)
    assert.equal((await readMessage(database.db, id)).state, MessageState.CANCELLED)
  })

  it('waits for sends under way when it is stopped, records them and leaves the list of workers', async () => {
    let answer: ((result: ProviderResult) => void) | undefined
    const account = scriptAccount(() => new Promise((resolve) => (answer = resolve)))
    const [id = '', waiting = ''] = await queueMessages(database.db, [{}, { dueMs: Date.now() + 1000 }])
    const worker = await work({ accounts: [account] })
    await waitFor(() => answer)
    const stopped = worker.stop()
    answer?.({ outcome: 'accepted', reply: 'ok' })
    await stopped
    assert.equal((await readMessage(database.db, id)).state, MessageState.SENT)
    assert.equal((await readMessage(database.db, waiting)).state, MessageState.ACCEPTED)
    const { rowCount } = await database.db.query({ text: 'SELECT FROM notify.delivery_workers' })
    assert.equal(rowCount, 0)
  })

  it('is woken by word of new messages, long before it would look by itself', async () => {
    const bus = createBus({ connection: database.connectionString })
    await bus.start()
    const account = scriptAccount()
    const worker = await work({ accounts: [account], bus, settings: { deliverPollIntervalMs: 3_600_000 } })
    // More than once: it may have been about to look by itself the first time.
    for (let round = 0; round < 3; round++) {
      await queueMessages(database.db, [{}])
      await bus.notify(database.db, QUEUE_CHANNEL)
      await queueIsEmpty()
    }
    assert.equal(account.sent.length, 3)
    await worker.stop()
    await bus.stop()
  })

  it('survives replies with characters that the database cannot store', async () => {
    const account = scriptAccount(() => ({
      outcome: 'rejected_permanent',
      reply: `5\0${'ü'.repeat(5000)}\ud800`,
    }))
    const [id = ''] = await queueMessages(database.db, [{}])
    await work({ accounts: [account] })
    await queueIsEmpty()
    assert.equal((await readMessage(database.db, id)).state, MessageState.FAILED)
  })
})
