import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { newId } from '@mainstay/kernel'
import { createFakeClock, type FakeClock, waitFor } from '@mainstay/kernel/testing'
import { MessageState } from '@mainstay/proto/notify/v1'
import { WorkflowRunState } from '@mainstay/proto/notify/v1/workflows'
import { markSeen } from '../../messages/seen-store.ts'
import { TEST_PROJECT } from '../../testing/ledger.ts'
import { useWorkflows } from '../../testing/workflows.ts'
import type { Try } from '../definition/definition.ts'
import type { Send } from './deliver.ts'
import { judge } from './fallback.ts'
import type { Fate } from './fate-store.ts'

const { ACCEPTED, SENT, DELIVERED, BOUNCED, COMPLAINED, FAILED, UNKNOWN, SKIPPED } = MessageState

describe('what a fallback decides', () => {
  const aTry = (change: Partial<Try> = {}): Try => ({
    ...{ channel: 'push', content: {}, until: 'delivered', unknown: 'wait', withinMs: 1000 },
    ...change,
  })
  const fate = (state: MessageState, seen = false): Fate => ({
    ...{ projectId: TEST_PROJECT, messageId: 'm', channel: 4, state },
    seenTime: seen ? new Date(0) : null,
  })
  const decide = (one: Try, fates: readonly Fate[], isOver: boolean): string =>
    judge([one, aTry()], [fates], { current: 0, deadlineMs: 10, nowMs: isOver ? 10 : 9 }).kind

  it('follows from the message’s state, what it is to become, and the deadline', () => {
    const cases: [Partial<Try>, Fate, string, string][] = [
      // before the deadline, at it
      [{}, fate(ACCEPTED), 'wait', 'next'],
      [{}, fate(SENT), 'wait', 'next'],
      [{}, fate(DELIVERED), 'reached', 'reached'],
      [{}, fate(COMPLAINED), 'reached', 'reached'],
      [{}, fate(SENT, true), 'reached', 'reached'],
      [{}, fate(FAILED), 'next', 'next'],
      [{}, fate(BOUNCED), 'next', 'next'],
      [{}, fate(SKIPPED), 'next', 'next'],
      [{}, fate(UNKNOWN), 'wait', 'next'],
      [{ unknown: 'next' }, fate(UNKNOWN), 'next', 'next'],
      [{ unknown: 'stop' }, fate(UNKNOWN), 'reached', 'reached'],
      [{ until: 'sent' }, fate(SENT), 'reached', 'reached'],
      [{ until: 'seen' }, fate(DELIVERED), 'wait', 'next'],
      [{ until: 'seen' }, fate(DELIVERED, true), 'reached', 'reached'],
      [{ until: 'seen' }, fate(SENT), 'wait', 'next'],
    ]
    for (const [change, one, before, at] of cases) {
      const words = `${JSON.stringify(change)} ${MessageState[one.state]}`
      assert.equal(decide(aTry(change), [one], false), before, words)
      assert.equal(decide(aTry(change), [one], true), at, words)
    }
  })

  it('is content with one device out of several, and gives up when all are lost', () => {
    assert.equal(decide(aTry(), [fate(FAILED), fate(DELIVERED)], false), 'reached')
    assert.equal(decide(aTry(), [fate(FAILED), fate(SENT)], false), 'wait')
    assert.equal(decide(aTry(), [fate(FAILED), fate(BOUNCED)], false), 'next')
    assert.equal(decide(aTry(), [], false), 'next', 'nothing could be made')
  })

  it('lets a channel that was tried before count as well', () => {
    const fates = [[fate(SENT, true)], [fate(SENT)]]
    const verdict = judge([aTry({ until: 'seen' }), aTry()], fates, { current: 1, deadlineMs: 10, nowMs: 0 })
    assert.deepEqual(verdict, { kind: 'reached', by: 0, why: 'seen' })
  })
})

const steps = `
  - id: reach
    fallback:
      - { channel: push, content: { body: "{{ word }}" }, until: seen, within: 10m }
      - { channel: sms, content: { text: "{{ word }}" }, within: 1h }
      - { channel: email, content: { subject: "{{ word }}", text: "{{ word }}" } }
  - id: after
    condition: steps.reach.seen
    then: [{ id: thanks, webhook: { url: "https://a.example/x", type: seen.it } }]`

describe('a fallback', () => {
  const flows = useWorkflows()
  afterEach(() => flows.empty())

  async function begin(count = 1, send?: Send): Promise<{ clock: FakeClock; runIds: string[] }> {
    const clock = createFakeClock(Date.now())
    await flows.publish('reach', steps)
    await flows.addRecipient('ada')
    await flows.db.query({
      text: `INSERT INTO notify.recipient_endpoints (project_id, recipient_id, endpoint_id, channel, address, address_key,
          platform, verified, create_time, last_seen_time)
        VALUES ($1, 'ada', gen_random_uuid(), 4, 'device-1', 'device-1', 'ios', false, now(), now()) ON CONFLICT DO NOTHING`,
      values: [TEST_PROJECT],
    })
    const on = flows.aPart(clock)
    const to = { target: { case: 'recipientId', value: 'ada' } } as const
    const runs = await Promise.all(
      Array.from({ length: count }, () =>
        flows.call('startWorkflow', { workflow: 'reach', to, data: { word: 'hi' } }, { on }),
      ),
    )
    await flows.moverAt(clock, send)(count + 10)
    return { clock, runIds: runs.map(({ runId }) => runId) }
  }

  interface Sent {
    message_id: string
    channel: number
    state: number
    run: string
  }
  const sent = () =>
    flows.read<Sent>(
      `SELECT message_id, channel, state, workflow_run_id AS run FROM notify.messages ORDER BY message_id`,
    )
  /** As workers and providers do: out of the queue, into a state. */
  const become = (channel: number, state: number) =>
    flows.db.query({
      text: `WITH gone AS (DELETE FROM notify.delivery_queue q USING notify.messages m
          WHERE q.message_id = m.message_id AND m.channel = $1)
        UPDATE notify.messages SET state = $2 WHERE channel = $1`,
      values: [channel, state],
    })
  const see = async (messageId: string) => {
    const [row] = await flows.read('SELECT FROM notify.messages WHERE message_id = $1', [messageId])
    assert.ok(row)
    await flows.db.query({
      text: 'UPDATE notify.messages SET seen_time = now() WHERE message_id = $1',
      values: [messageId],
    })
  }
  const titles = async (runId: string) =>
    (await flows.call('getWorkflowRunTimeline', { runId })).entries.map(({ title }) => title)

  it('goes from channel to channel at each deadline, and not before', async () => {
    const { clock, runIds } = await begin()
    await become(4, DELIVERED)
    clock.advance(9 * 60_000)
    await flows.moverAt(clock)(10)
    assert.equal((await sent()).length, 1)
    clock.advance(60_000)
    await flows.moverAt(clock)(10)
    assert.deepEqual(
      (await sent()).map(({ channel }) => channel),
      [4, 2],
    )
    await become(2, SENT)
    clock.advance(3_600_000)
    await flows.moverAt(clock)(10)
    assert.deepEqual(
      (await sent()).map(({ channel }) => channel),
      [4, 2, 1],
    )
    const run = await flows.call('getWorkflowRun', { runId: runIds[0] ?? '' })
    assert.equal(run.state, WorkflowRunState.COMPLETED)
    assert.deepEqual(await titles(runIds[0] ?? ''), [
      'Started',
      'Sent by push notification',
      'On to text message: not seen in time by push notification',
      'Sent by text message',
      'On to email: not delivered in time by text message',
      'Sent by email',
      'The condition does not hold',
      'Completed',
    ])
    assert.deepEqual(await flows.read('SELECT FROM notify.workflow_waits'), [])
  })

  it('goes on at once when a message is lost, and ends when any of them is seen', async () => {
    const { clock, runIds } = await begin()
    await become(4, FAILED)
    await flows.db.query({ text: 'UPDATE notify.workflow_runs SET next_run_time = to_timestamp(0)' })
    await flows.moverAt(clock)(10)
    const [push, text] = await sent()
    assert.equal(text?.channel, 2)
    await see(push?.message_id ?? '')
    clock.advance(3_600_000)
    await flows.moverAt(clock)(10)
    assert.deepEqual(
      (await sent()).map(({ channel, state }) => [channel, state]),
      [
        [4, FAILED],
        [2, MessageState.CANCELLED],
        [6, ACCEPTED],
      ],
    )
    assert.deepEqual((await titles(runIds[0] ?? '')).slice(3), [
      'Sent by text message',
      'Not sent any more by text message: it still waited',
      'Reached by push notification: seen',
      'The condition holds',
      'Sent by webhook',
      'Completed',
    ])
  })

  it('takes what still waits out of the queue when its time is over', async () => {
    const { clock } = await begin()
    clock.advance(600_000)
    const { withdrew } = await flows.moverAt(clock)(10)
    assert.equal(withdrew, true)
    assert.deepEqual(
      (await sent()).map(({ channel, state }) => [channel, state]),
      [
        [4, MessageState.CANCELLED],
        [2, ACCEPTED],
      ],
    )
  })

  it('leaves a message alone that a worker is sending at that moment', async () => {
    const { clock } = await begin()
    await flows.db.query({ text: 'UPDATE notify.delivery_queue SET lease_owner = gen_random_uuid()' })
    clock.advance(600_000)
    assert.equal((await flows.moverAt(clock)(10)).withdrew, false)
    assert.deepEqual(
      (await sent()).map(({ channel, state }) => [channel, state]),
      [
        [4, ACCEPTED],
        [2, ACCEPTED],
      ],
    )
  })

  const stateOf = async (runId: string) => (await flows.call('getWorkflowRun', { runId })).state
  const markAsSeen = (messageId: string) =>
    markSeen(flows.db, [
      {
        ...{ projectId: TEST_PROJECT, messageId, timeMs: Date.now(), clicked: false },
        ...{ noteId: newId(), actor: 'provider', detail: '' },
      },
    ])

  it('hears of receipts as they come, whatever transactions are open meanwhile', async () => {
    const part = flows.aPart(undefined, flows.events)
    await flows.events.start()
    const { runIds } = await begin()
    const runId = runIds[0] ?? ''
    const waits = await flows.read('SELECT FROM notify.workflow_waits')
    assert.equal(waits.length, 1, 'it waits, so that nothing but the event can wake it')
    // Only now, or it and the mover of this test would race for the run.
    await part.worker.start()
    const [push] = await sent()
    assert.ok(push)
    await flows.db.transaction(async (tx) => {
      await tx.query({ text: 'SELECT pg_current_xact_id()' })
      assert.deepEqual(await markAsSeen(push.message_id), [push.message_id])
      await waitFor(async () => (await stateOf(runId)) === WorkflowRunState.COMPLETED, {
        // Far from the minute after which it would look by itself.
        timeoutMs: 40_000,
        what: 'the run to hear of it',
      })
    })
    await part.worker.stop()
  })

  it('notices a receipt that came before anybody could see that it waits, whose event woke nobody', async () => {
    const send = flows.sendWith(createFakeClock(Date.now()))
    const { clock, runIds } = await begin(1, async (request, ctx) => {
      const answer = await send(request, ctx)
      // Accepted, and the run still in the mover's hands.
      const [message] = await sent()
      assert.ok(message)
      assert.deepEqual(await markAsSeen(message.message_id), [message.message_id])
      return answer
    })
    assert.equal(await stateOf(runIds[0] ?? ''), WorkflowRunState.RUNNING)
    await flows.moverAt(clock)(10)
    assert.equal(await stateOf(runIds[0] ?? ''), WorkflowRunState.COMPLETED)
  })

  it('lets a receipt at the very moment of the deadline count, or come too late, and never both', async () => {
    const { clock, runIds } = await begin(50)
    clock.advance(600_000)
    const pushes = await sent()
    assert.equal(pushes.length, 50)
    const movers = Array.from({ length: 4 }, () => flows.moverAt(clock)(15))
    const receipts = pushes.map(async ({ message_id: messageId, run }) =>
      flows.db.transaction(async (tx) => {
        await tx.query({
          text: `UPDATE notify.messages SET seen_time = now() WHERE project_id = $1 AND message_id = $2`,
          values: [TEST_PROJECT, messageId],
        })
        // With the row in our hands: what was decided without this receipt is committed, or will never be.
        const { rows } = await tx.query<{ late: boolean }>({
          text: `SELECT EXISTS (SELECT FROM notify.workflow_run_entries WHERE run_id = $1 AND entry = 'reach:on/0') AS late`,
          values: [run],
        })
        return { run, late: rows[0]?.late }
      }),
    )
    const told = await Promise.all(receipts)
    await Promise.all(movers)
    await flows.moverAt(clock)(100)
    const texts = new Set((await sent()).filter(({ channel }) => channel === 2).map(({ run }) => run))
    for (const { run, late } of told)
      assert.equal(texts.has(run), late, 'the text was sent exactly if it was late')
    assert.equal(told.length, runIds.length)
  })
})
