import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { createPageTokens, fromTypeId, newId, systemClock, toTypeId } from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import {
  CancelMessageRequestSchema,
  MessageState,
  Resolution,
  ResolveMessageRequestSchema,
  TimelineKind,
  UnknownPolicy,
} from '@mainstay/proto/notify/v1'
import { testCall } from '../testing/call.ts'
import { ledgerMigrations, queueMessages, readOutcomes } from '../testing/ledger.ts'
import { createTestWorker, scriptAccount } from '../testing/worker.ts'
import { createMessages, type Messages } from './service.ts'

const { ACCEPTED, CANCELLED, FAILED, QUEUED, SENT, UNKNOWN } = MessageState

describe('stepping in', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  let messages: Messages
  let woken = 0

  beforeEach(() => {
    woken = 0
    messages = createMessages({
      db: database.db,
      clock: systemClock,
      pageTokens: createPageTokens(new Uint8Array(32)),
      wake: () => woken++,
    })
  })

  const cancel = (id: string, actor = 'opr_ann') =>
    messages.cancel(
      testCall({ actor }),
      create(CancelMessageRequestSchema, { messageId: toTypeId('msg', id) }),
    )
  const resolve = (id: string, resolution: Resolution) =>
    messages.resolve(
      testCall({ actor: 'opr_ann' }),
      create(ResolveMessageRequestSchema, { messageId: toTypeId('msg', id), resolution }),
    )
  const queueOne = async (changes: Parameters<typeof queueMessages>[1][number] = {}): Promise<string> =>
    (await queueMessages(database.db, [changes]))[0] ?? ''

  /** A message whose provider's answer was lost, under the policy that parks it. */
  async function queueLost(): Promise<string> {
    const id = await queueOne({ unknownPolicy: UnknownPolicy.AT_MOST_ONCE })
    const lost = scriptAccount(() => ({
      outcome: 'unknown',
      reply: 'the connection broke after the final dot',
    }))
    const worker = createTestWorker(database.db, { accounts: [lost] })
    await worker.start()
    await waitFor(async () => (await readOutcomes(database.db, id)).length === 1)
    await worker.stop()
    return id
  }

  it('cancels a message that waits, says who did it, and changes nothing the second time', async () => {
    const id = await queueOne({ dueMs: Date.now() + 3_600_000 })
    const cancelled = await cancel(id)
    assert.equal(cancelled.state, CANCELLED)
    assert.equal(cancelled.due_time, null)
    assert.equal(woken, 1)
    assert.deepEqual(await cancel(id, 'key_other'), cancelled)
    const { entries } = await messages.timeline(testCall(), toTypeId('msg', id))
    const told = entries.filter((entry) => entry.kind === TimelineKind.INTERVENTION)
    assert.deepEqual(
      told.map(({ title, actor }) => ({ title, actor })),
      [{ title: 'Cancelled', actor: 'opr_ann' }],
    )
    const { rows } = await database.db.query({
      text: `SELECT payload->'messageIds'->>0 AS id FROM kernel.outbox WHERE topic = 'notify.messages_ended'`,
    })
    assert.deepEqual(rows, [{ id }])
  })

  it('refuses to cancel what was sent, and says so', async () => {
    const id = await queueOne()
    const worker = createTestWorker(database.db)
    await worker.start()
    await waitFor(async () => (await readOutcomes(database.db, id)).length === 1)
    await worker.stop()
    await assert.rejects(cancel(id), {
      code: 'failed_precondition',
      reason: 'notify.message_not_cancellable',
      message: 'Only a message that still waits can be cancelled; this one was sent.',
    })
  })

  it('does not find messages of another project, nor ones that never were', async () => {
    const id = await queueOne({ projectId: newId() })
    for (const other of [id, newId()]) {
      await assert.rejects(cancel(other), { code: 'not_found', reason: 'notify.message_not_found' })
    }
  })

  it('lets exactly one of cancelling and sending win, for fifty messages cancelled fifty ways while workers claim', async () => {
    const account = scriptAccount()
    const ids = await queueMessages(
      database.db,
      Array.from({ length: 50 }, () => ({ dueMs: Date.now() + 150 })),
    )
    const workers = [1, 2, 3].map(() => createTestWorker(database.openDb(), { accounts: [account] }))
    await Promise.all(workers.map((worker) => worker.start()))
    const cancelled = new Set<string>()
    for (let spread = 0; spread < 20; spread++) {
      const results = await Promise.allSettled(ids.map((id) => cancel(id)))
      results.forEach((result, n) => {
        if (result.status === 'fulfilled') cancelled.add(ids[n] ?? '')
        else assert.equal((result.reason as { reason: string }).reason, 'notify.message_not_cancellable')
      })
      if (spread === 0) await waitFor(() => account.sent.length > 0 || cancelled.size === 50)
    }
    await waitFor(async () => {
      const { rows } = await database.db.query({
        text: 'SELECT FROM notify.delivery_queue WHERE due_time < now()',
      })
      return rows.length === 0
    })
    await Promise.all(workers.map((worker) => worker.stop()))
    const sent = new Set(account.sent.map((email) => fromTypeId('msg', email.messageId)))
    for (const id of ids) assert.notEqual(sent.has(id), cancelled.has(id), `${id} was both or neither`)
  })

  it('lets exactly one of cancelling and claiming win, when both come at the same moment', async () => {
    for (let round = 0; round < 10; round++) {
      const account = scriptAccount()
      const id = await queueOne()
      const worker = createTestWorker(database.openDb({ poolSize: 2 }), { accounts: [account] })
      const [, ...results] = await Promise.allSettled([
        worker.start(),
        ...Array.from({ length: 50 }, () => cancel(id)),
      ])
      await waitFor(async () => (await messages.get(testCall(), toTypeId('msg', id))).due_time === null)
      await worker.stop()
      const wins = results.filter((result) => result.status === 'fulfilled').length
      const { state } = await messages.get(testCall(), toTypeId('msg', id))
      if (state === CANCELLED) assert.equal(account.sent.length, 0)
      else assert.deepEqual([state, account.sent.length, wins], [SENT, 1, 0])
    }
  })

  it('calls a message unknown, not cancelled, when an earlier attempt may have reached the recipient', async () => {
    const id = await queueOne({ unknownPolicy: UnknownPolicy.AT_LEAST_ONCE })
    const lost = scriptAccount(() => ({ outcome: 'unknown', reply: 'lost' }))
    const worker = createTestWorker(database.db, {
      accounts: [lost],
      settings: { transactionalRetryBaseMs: 3_600_000, transactionalRetryCapMs: 3_600_000 },
    })
    await worker.start()
    await waitFor(async () => (await readOutcomes(database.db, id)).length === 1)
    await worker.stop()
    const row = await cancel(id)
    assert.equal(row.state, UNKNOWN)
    assert.match(row.status_detail ?? '', /may have reached the recipient/)
  })

  it('decides an unknown outcome once, whatever fifty operators say at the same moment', async () => {
    const id = await queueLost()
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => resolve(id, n % 2 === 0 ? Resolution.SENT : Resolution.FAILED)),
    )
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
    for (const result of results) {
      if (result.status === 'rejected') assert.equal(result.reason.reason, 'notify.message_not_unknown')
    }
    const { state } = await messages.get(testCall(), toTypeId('msg', id))
    assert.ok(state === SENT || state === FAILED)
  })

  it('sends an unknown message again, flagged, with a fresh time to live and fencing tokens that go on', async () => {
    const id = await queueLost()
    const before = await messages.get(testCall(), toTypeId('msg', id))
    const row = await resolve(id, Resolution.RESEND)
    assert.equal(row.state, ACCEPTED)
    assert.equal(row.possible_duplicate, true)
    assert.equal(row.lease_epoch, 1)
    assert.ok(row.expire_time > before.expire_time)
    assert.equal(woken, 1)
    const account = scriptAccount()
    const worker = createTestWorker(database.db, { accounts: [account] })
    await worker.start()
    await waitFor(async () => (await messages.get(testCall(), toTypeId('msg', id))).state === SENT)
    await worker.stop()
    assert.deepEqual(
      account.sent.map((email) => email.attempt),
      [2],
    )
    const { entries } = await messages.timeline(testCall(), toTypeId('msg', id))
    assert.ok(entries.some((entry) => entry.title === 'Decided: send it again' && entry.actor === 'opr_ann'))
  })

  it('refuses to decide a message whose outcome is known', async () => {
    const id = await queueOne()
    await assert.rejects(resolve(id, Resolution.SENT), {
      code: 'failed_precondition',
      reason: 'notify.message_not_unknown',
      metadata: { state: MessageState[QUEUED] },
    })
  })

  it('undoes a cancellation with the transaction it was part of', async () => {
    const id = await queueOne({ dueMs: Date.now() + 3_600_000 })
    await assert.rejects(
      database.db.transaction(async (tx) => {
        await messages.cancel(
          testCall({ tx }),
          create(CancelMessageRequestSchema, { messageId: toTypeId('msg', id) }),
        )
        throw new Error('the answer could not be stored')
      }),
      /could not be stored/,
    )
    assert.equal(woken, 0)
    assert.equal((await messages.get(testCall(), toTypeId('msg', id))).state, ACCEPTED)
  })
})
