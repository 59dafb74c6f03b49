import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { createLogger, createMetrics, newId, systemClock, toTypeId } from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { MessageState, UnknownPolicy } from '@mainstay/proto/notify/v1'
import fc from 'fast-check'
import type { ProviderEvent, ProviderEventKind } from '../providers/reports.ts'
import {
  countQueued,
  ledgerMigrations,
  queueMessages,
  readMessage,
  readOutcomes,
  TEST_PROJECT,
} from '../testing/ledger.ts'
import { useWorkers } from '../testing/use-workers.ts'
import { type Answer, scriptAccount } from '../testing/worker.ts'
import type { ReportAccount } from './accounts.ts'
import { createReportIntake } from './intake.ts'
import { createReportMetrics } from './metrics.ts'
import { createReportReceiver } from './receive.ts'
import { createSettler } from './settler.ts'

const { ACCEPTED, BOUNCED, COMPLAINED, DELIVERED, FAILED, SENT, UNKNOWN } = MessageState
const ACCOUNT = scriptAccount().providerAccountId

describe('what providers report', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const startWorker = useWorkers(database)
  const settlers: { stop(): Promise<void> }[] = []
  afterEach(async () => {
    await Promise.all(settlers.splice(0).map((settler) => settler.stop()))
    await database.db.query({
      text: 'TRUNCATE notify.provider_events, notify.provider_reports, notify.suppressions, notify.message_notes',
    })
  })

  const deps = () => ({ db: database.db, clock: systemClock, onChanged: () => {} })
  const aProcess = () => createReportIntake(deps())

  function startSettler(): void {
    const settler = createSettler({ ...deps(), logger: createLogger({ level: 'fatal' }) })
    settlers.push(settler)
    settler.start()
  }

  function account(changes: Partial<ReportAccount> = {}): ReportAccount {
    return {
      projectId: TEST_PROJECT,
      accountId: ACCOUNT,
      kind: 'scripted',
      channel: 'email',
      live: true,
      reader: { read: () => ({ events: [] }) },
      config: {},
      ...changes,
    }
  }

  const report = (events: readonly ProviderEvent[], changes: Partial<ReportAccount> = {}) => ({
    account: account(changes),
    body: Buffer.from(JSON.stringify(events)),
    events,
    receivedMs: Date.now(),
  })

  let number = 0
  function event(kind: ProviderEventKind, changes: Partial<ProviderEvent> = {}): ProviderEvent {
    return { eventId: `event-${++number}`, kind, timeMs: Date.now(), detail: `it was ${kind}`, ...changes }
  }

  /** A message that a worker has handed over: the provider took it and calls it `provider-…`. */
  async function queueSent(): Promise<{ id: string; named: { messageId: string }; provider: string }> {
    const [id = ''] = await queueMessages(database.db, [{}])
    const messageId = toTypeId('msg', id)
    const answer: Answer = (message) => ({
      outcome: 'accepted',
      providerMessageId: `provider-${message.messageId}`,
      reply: 'ok',
    })
    await startWorker({ accounts: [scriptAccount(answer)] })
    await waitFor(async () => (await readMessage(database.db, id)).state === SENT)
    return { id, named: { messageId }, provider: `provider-${messageId}` }
  }

  const stateOf = async (id: string) => (await readMessage(database.db, id)).state

  async function notesOf(id: string): Promise<number[]> {
    const { rows } = await database.db.query<{ kind: number }>({
      text: 'SELECT kind FROM notify.message_notes WHERE message_id = $1 ORDER BY note_id',
      values: [id],
    })
    return rows.map((row) => row.kind)
  }

  async function countRows(table: string): Promise<number> {
    const { rows } = await database.db.query<{ count: number }>({
      text: `SELECT count(*)::int4 AS count FROM ${table}`,
    })
    return rows[0]?.count ?? 0
  }

  test('moves the message that the event names, or that the provider gave this id to', async () => {
    const first = await queueSent()
    await aProcess().store(report([event('delivered', first.named)]))
    assert.equal(await stateOf(first.id), DELIVERED)
    const second = await queueSent()
    await aProcess().store(report([event('bounced', { providerMessageId: second.provider })]))
    assert.equal(await stateOf(second.id), BOUNCED)
    assert.equal((await readMessage(database.db, second.id)).detail, 'It came back: it was bounced')
    assert.deepEqual(await notesOf(second.id), [6])
  })

  test('never moves a message that another account or another project had', async () => {
    const { id, named, provider } = await queueSent()
    for (const changes of [{ accountId: newId() }, { projectId: newId() }]) {
      await aProcess().store(report([event('bounced', { ...named, providerMessageId: provider })], changes))
    }
    assert.equal(await stateOf(id), SENT)
    assert.deepEqual(await notesOf(id), [])
  })

  test('has its effect once, when fifty processes hear the same report at the same time', async () => {
    const { id, named } = await queueSent()
    const same = report([event('delivered', named), event('complained', named)])
    await Promise.all(Array.from({ length: 50 }, () => aProcess().store(same)))
    assert.equal(await stateOf(id), COMPLAINED)
    assert.deepEqual((await notesOf(id)).toSorted(), [5, 7])
    assert.equal(await countRows('notify.provider_events'), 2)
    assert.equal(await countRows('notify.provider_reports'), 1)
    assert.equal(await countRows('notify.suppressions'), 1)
  })

  test('ends the same in whatever order and batches its events come', async () => {
    const kinds = ['sent', 'failed', 'delivered', 'read', 'bounced', 'complained', 'opened'] as const
    const ladder = [SENT, FAILED, DELIVERED, BOUNCED, COMPLAINED]
    const reached = { sent: 0, failed: 1, delivered: 2, read: 2, bounced: 3, complained: 4, opened: 0 }
    const { named, id } = await queueSent()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (told, together) => {
          await database.db.query({
            text: 'UPDATE notify.messages SET state = 5, delivered_time = NULL WHERE message_id = $1',
            values: [id],
          })
          const events = told.map((kind) => event(kind, named))
          const intake = aProcess()
          if (together) await intake.store(report(events))
          else for (const one of events) await intake.store(report([one]))
          assert.equal(await stateOf(id), ladder[Math.max(...told.map((kind) => reached[kind]))])
        },
      ),
      { numRuns: 60 },
    )
  })

  test('that is faster than the worker is waited for, and changes nothing when the worker records', async () => {
    const [named = '', unnamed = ''] = await queueMessages(database.db, [{}, {}])
    const calls = new Map<string, () => void>()
    const slow = scriptAccount(async ({ messageId }) => {
      await new Promise<void>((resolve) => calls.set(messageId, resolve))
      return { outcome: 'accepted', providerMessageId: `provider-${messageId}`, reply: 'ok' }
    })
    await startWorker({ accounts: [slow] })
    await waitFor(() => calls.size === 2)
    const [namedId, unnamedId] = [toTypeId('msg', named), toTypeId('msg', unnamed)]
    await aProcess().store(
      report([
        event('bounced', { messageId: namedId }),
        event('delivered', { providerMessageId: `provider-${unnamedId}` }),
      ]),
    )
    assert.equal(await stateOf(named), BOUNCED)
    assert.equal(await stateOf(unnamed), ACCEPTED)
    for (const answer of calls.values()) answer()
    await waitFor(async () => (await stateOf(unnamed)) === SENT)
    startSettler()
    await waitFor(async () => (await stateOf(unnamed)) === DELIVERED)
    assert.equal(await stateOf(named), BOUNCED)
    assert.equal(await countQueued(database.db), 0)
  })

  test('settles a message whose answer was lost, and takes it out of the queue when it waits there', async () => {
    const lost = scriptAccount(() => ({ outcome: 'unknown', reply: 'the answer was lost' }))
    const [parked = '', waits = ''] = await queueMessages(database.db, [
      { unknownPolicy: UnknownPolicy.AT_MOST_ONCE },
      { unknownPolicy: UnknownPolicy.AT_LEAST_ONCE },
    ])
    await startWorker({
      accounts: [lost],
      settings: { transactionalRetryBaseMs: 600_000, transactionalRetryCapMs: 600_000 },
    })
    await waitFor(
      async () =>
        (await readOutcomes(database.db, parked)).length + (await readOutcomes(database.db, waits)).length ===
        2,
    )
    assert.equal(await stateOf(parked), UNKNOWN)
    assert.equal(await stateOf(waits), ACCEPTED)
    const events = [parked, waits].map((id) => event('sent', { messageId: toTypeId('msg', id) }))
    await aProcess().store(report(events))
    assert.equal(await stateOf(parked), SENT)
    assert.equal(await stateOf(waits), SENT)
    assert.equal(await countQueued(database.db), 0)
    assert.deepEqual(await notesOf(parked), [10])
  })

  test('of a failure while a worker is at it decides nothing until the attempt has ended', async () => {
    const [id = ''] = await queueMessages(database.db, [{}])
    let answer: (() => void) | undefined
    const slow = scriptAccount(async () => {
      await new Promise<void>((resolve) => {
        answer = resolve
      })
      return { outcome: 'accepted', providerMessageId: 'second', reply: 'ok' }
    })
    await startWorker({ accounts: [slow] })
    await waitFor(() => answer !== undefined)
    const messageId = toTypeId('msg', id)
    await aProcess().store(report([event('failed', { messageId, providerMessageId: 'first' })]))
    assert.equal(await stateOf(id), ACCEPTED)
    answer?.()
    await waitFor(async () => (await stateOf(id)) === SENT)
    startSettler()
    await waitFor(async () => (await countRows('notify.provider_events WHERE wait_time IS NOT NULL')) === 0)
    // The failure is of an id that the last attempt did not get.
    assert.equal(await stateOf(id), SENT)
    await aProcess().store(report([event('failed', { messageId, providerMessageId: 'second' })]))
    assert.equal(await stateOf(id), FAILED)
  })

  test('tells the feed and the outbox of every message it moved, once', async () => {
    const { id, named } = await queueSent()
    await database.db.query({ text: 'TRUNCATE notify.message_changes, kernel.outbox' })
    const told = report([event('delivered', named)])
    await aProcess().store(told)
    await aProcess().store(told)
    await aProcess().store(report([event('sent', named)]))
    assert.equal(await countRows('notify.message_changes'), 1)
    const { rows } = await database.db.query<{ ids: string[] }>({
      text: `SELECT payload -> 'messageIds' AS ids FROM kernel.outbox`,
    })
    assert.deepEqual(
      rows.map((row) => row.ids),
      [[id]],
    )
  })

  test('may be anything: ids, times and words that a database cannot hold are made fit', async () => {
    const { id, named } = await queueSent()
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 5000 }),
        fc.oneof(fc.double(), fc.integer(), fc.constant(1e300)),
        fc.string({ unit: 'binary', maxLength: 3000 }),
        async (eventId, timeMs, text) => {
          await aProcess().store(
            report([
              {
                eventId,
                kind: 'opened',
                timeMs,
                detail: text,
                providerMessageId: text,
                address: text,
                ...named,
              },
            ]),
          )
        },
      ),
      { numRuns: 50 },
    )
    assert.equal(await stateOf(id), SENT)
  })

  test('is refused when it is forged or malformed, and is counted', async () => {
    const metrics = createMetrics()
    const receiver = createReportReceiver({
      clock: systemClock,
      logger: { warn: () => {} },
      metrics: createReportMetrics(metrics),
      findAccount: () => assert.fail('not asked'),
      intake: aProcess(),
    })
    const request = { method: 'POST', url: 'https://m.example/reports/x', headers: {}, body: Buffer.alloc(0) }
    const forged = account({ reader: { read: () => ({ forged: 'no signature' }) } })
    await assert.rejects(receiver.take(forged, request), { reason: 'notify.report_forged' })
    assert.match(metrics.render(), /mainstay_notify_reports_total\{kind="scripted",result="forged"\} 1/)
    await assert.rejects(receiver.find('pac_none'), { reason: 'notify.provider_account_not_found' })
  })
})
