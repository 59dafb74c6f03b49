import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { Db, Query } from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { AttemptOutcome, MessageState, UnknownPolicy } from '@mainstay/proto/notify/v1'
import type { ProviderResult } from '../providers/adapter.ts'
import {
  countQueued,
  countStates,
  ledgerMigrations,
  queueMessages,
  readMessage,
  readOutcomes,
} from '../testing/ledger.ts'
import { createTestWorker, scriptAccount, type TestWorkerOptions } from '../testing/worker.ts'
import type { Deliverer } from './deliverer.ts'

const SHORT_LEASE = { deliverLeaseMs: 200 }

describe('a worker that is taken for dead', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const workers: Deliverer[] = []
  let isMended = false
  async function start(options: TestWorkerOptions = {}, db: Db = database.db): Promise<Deliverer> {
    const worker = createTestWorker(db, {
      ...options,
      settings: { deliverLeaseMs: 3000, deliverDrainTimeoutMs: 0, ...options.settings },
    })
    workers.push(worker)
    await worker.start()
    return worker
  }

  /** A worker whose heartbeats are lost, with one message whose provider has not answered yet. */
  async function strand(unknownPolicy: UnknownPolicy) {
    let answer: ((result: ProviderResult) => void) | undefined
    const account = scriptAccount(() => new Promise((resolve) => (answer = resolve)))
    const [id = ''] = await queueMessages(database.db, [{ unknownPolicy }])
    const worker = await start(
      { accounts: [account], settings: SHORT_LEASE },
      cutOff(database.db, () => isMended),
    )
    await waitFor(() => answer)
    return { id, account, worker, answer: (result: ProviderResult) => answer?.(result) }
  }

  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()))
    workers.length = 0
    isMended = false
    await database.db.query({
      text: `TRUNCATE notify.delivery_queue, notify.messages, notify.delivery_attempts, notify.message_notes,
        notify.delivery_workers`,
    })
  })

  it('has its attempts called unknown by others, who park what may be sent only once', async () => {
    const { id, answer } = await strand(UnknownPolicy.AT_MOST_ONCE)
    const other = scriptAccount()
    await start({ accounts: [other] })
    await waitFor(async () => (await readMessage(database.db, id)).state === MessageState.UNKNOWN)
    assert.deepEqual(await readOutcomes(database.db, id), [AttemptOutcome.UNKNOWN])
    assert.equal(other.sent.length, 0)
    answer({ outcome: 'unknown', reply: 'lost' })
    await Promise.all(workers.splice(0).map((worker) => worker.stop()))
    assert.equal((await readMessage(database.db, id)).state, MessageState.UNKNOWN)
  })

  it('changes nothing with a late result, but its news that a parked message was sent is taken in', async () => {
    const { id, answer } = await strand(UnknownPolicy.AT_MOST_ONCE)
    await start()
    await waitFor(async () => (await readMessage(database.db, id)).state === MessageState.UNKNOWN)
    answer({ outcome: 'accepted', reply: '250 ok' })
    await waitFor(async () => (await readMessage(database.db, id)).state === MessageState.SENT)
    assert.deepEqual(await readOutcomes(database.db, id), [AttemptOutcome.UNKNOWN])
    const { rows } = await database.db.query({ text: 'SELECT kind, title, detail FROM notify.message_notes' })
    assert.deepEqual(rows, [{ kind: 9, title: 'Attempt 1 was accepted after all', detail: '250 ok' }])
  })

  it('ends a parked message as failed with late news of a refusal', async () => {
    const { id, answer } = await strand(UnknownPolicy.AT_MOST_ONCE)
    await start()
    await waitFor(async () => (await readMessage(database.db, id)).state === MessageState.UNKNOWN)
    answer({ outcome: 'rejected_permanent', reply: '550 no' })
    await waitFor(async () => (await readMessage(database.db, id)).state === MessageState.FAILED)
  })

  it('calls off a resend that nobody has begun with late news that the message was sent', async () => {
    const { id, answer } = await strand(UnknownPolicy.AT_LEAST_ONCE)
    const other = scriptAccount()
    await start({
      accounts: [other],
      settings: { transactionalRetryBaseMs: 2_000_000_000, transactionalRetryCapMs: 3_000_000 },
    })
    await waitFor(async () => (await readMessage(database.db, id)).possibleDuplicate)
    answer({ outcome: 'accepted', reply: '250 ok' })
    await waitFor(async () => (await readMessage(database.db, id)).state === MessageState.SENT)
    assert.equal(await countQueued(database.db), 0)
    assert.equal(other.sent.length, 0)
  })

  it('only leaves a note when the resend has happened, and the message says that it may be a duplicate', async () => {
    const { id, answer } = await strand(UnknownPolicy.AT_LEAST_ONCE)
    const other = scriptAccount()
    await start({ accounts: [other] })
    await waitFor(async () => (await readMessage(database.db, id)).state === MessageState.SENT)
    const before = await readMessage(database.db, id)
    answer({ outcome: 'rejected_permanent', reply: '550 no' })
    const { rows } = await waitFor(async () => {
      const notes = await database.db.query<{ title: string }>({
        text: 'SELECT title FROM notify.message_notes',
      })
      return notes.rows.length > 0 && notes
    })
    assert.deepEqual(rows, [{ title: 'Attempt 1 was refused after all' }])
    assert.deepEqual(await readMessage(database.db, id), before)
    assert.equal(before.possibleDuplicate, true)
    assert.deepEqual(await readOutcomes(database.db, id), [AttemptOutcome.UNKNOWN, AttemptOutcome.ACCEPTED])
  })

  it('starts anew under another name and goes on working', async () => {
    const { id, answer, worker } = await strand(UnknownPolicy.AT_MOST_ONCE)
    const other = await start()
    await waitFor(async () => (await readMessage(database.db, id)).state === MessageState.UNKNOWN)
    await other.stop()
    isMended = true
    answer({ outcome: 'accepted', reply: 'ok' })
    const [next = ''] = await queueMessages(database.db, [{}])
    await waitFor(async () => {
      answer({ outcome: 'accepted', reply: 'ok' })
      return (await readMessage(database.db, next)).state === MessageState.SENT
    })
    await worker.stop()
  })

  it('leaves what it cannot finish in time when it stops to the others', async () => {
    let calls = 0
    const silent = scriptAccount(() => {
      calls++
      return new Promise(() => {})
    })
    const [id = ''] = await queueMessages(database.db, [{}])
    const worker = await start({ accounts: [silent], settings: { deliverLeaseMs: 60_000 } })
    await waitFor(() => calls === 1)
    await worker.stop()
    await start()
    await waitFor(async () => (await readMessage(database.db, id)).state === MessageState.UNKNOWN)
  })
})

describe('workers side by side', () => {
  const database = useTestDatabase({ sets: ledgerMigrations, db: { poolSize: 40 } })

  it('send each of 500 messages once, though ten of them race for it and messages are cancelled meanwhile', async () => {
    const ids = await queueMessages(
      database.db,
      Array.from({ length: 500 }, () => ({})),
    )
    const account = scriptAccount()
    const workers = Array.from({ length: 10 }, () => createTestWorker(database.db, { accounts: [account] }))
    const cancelled = new Set<string>()
    const cancel = async (id: string): Promise<void> => {
      const { rowCount } = await database.db.query({
        text: `WITH gone AS (
            DELETE FROM notify.delivery_queue WHERE message_id = $1 AND lease_owner IS NULL RETURNING message_id
          )
          UPDATE notify.messages m SET state = 12 FROM gone WHERE m.message_id = gone.message_id`,
        values: [id],
      })
      if (rowCount === 1) cancelled.add(id)
    }
    await Promise.all([
      ...workers.map((worker) => worker.start()),
      ...ids.filter((_, index) => index % 5 === 0).map(cancel),
    ])
    await waitFor(async () => (await countQueued(database.db)) === 0)
    await Promise.all(workers.map((worker) => worker.stop()))
    const sent = account.sent.map((email) => email.messageId)
    assert.equal(new Set(sent).size, sent.length, 'no message was sent twice')
    assert.equal(sent.length + cancelled.size, 500)
    const states = await countStates(database.db)
    assert.equal(states.SENT, sent.length)
    assert.equal(states.CANCELLED ?? 0, cancelled.size)
  })

  it('takes back a claim whose commit got no answer, and sends it', async () => {
    const account = scriptAccount()
    const [id = ''] = await queueMessages(database.db, [{}])
    let broken = 0
    const flaky: Db = {
      ...database.db,
      kysely: database.db.kysely,
      async transaction(fn, options) {
        let journaled = false
        const result = await database.db.transaction(async (tx) => {
          const spied = {
            ...tx,
            query: spy(tx.query, (name) => (journaled ||= name === 'notify.deliver.journal')),
          }
          return await fn(spied as typeof tx)
        }, options)
        if (journaled && broken++ === 0) {
          const { AppError } = await import('@mainstay/kernel')
          throw new AppError({ code: 'unavailable', reason: 'kernel.commit_unknown', message: 'lost' })
        }
        return result
      },
    }
    const worker = createTestWorker(flaky, { accounts: [account] })
    await worker.start()
    await waitFor(async () => (await readMessage(database.db, id)).state === MessageState.SENT)
    await worker.stop()
    assert.equal(account.sent.length, 1)
    assert.deepEqual(await readOutcomes(database.db, id), [
      AttemptOutcome.REJECTED_TRANSIENT,
      AttemptOutcome.ACCEPTED,
    ])
  })
})

/** Cut off as far as signs of life go: it neither renews its lease nor looks after others, until it is `mended`. */
function cutOff(db: Db, isMended: () => boolean): Db {
  return {
    ...db,
    kysely: db.kysely,
    query: async <R>(query: Query) => {
      const isLost = query.name === 'notify.deliver.renew' || query.name === 'notify.deliver.dead_workers'
      if (isLost && !isMended()) throw new Error('the heartbeat was lost')
      return await db.query<R>(query)
    },
  }
}

function spy<F extends (query: Query) => unknown>(query: F, see: (name: string | undefined) => void): F {
  return ((statement: Query) => {
    see(statement.name)
    return query(statement)
  }) as F
}
