import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLogger, createMetrics, currentTrace, newTrace, withTrace } from '../telemetry/index.ts'
import { waitFor } from '../testing/index.ts'
import { createEvents, defineEvent } from './index.ts'
import { type Step, useEvents } from './testing/use-events.ts'

const logger = createLogger({ level: 'silent' })

const harness = useEvents()
const { newToken, publish, start, steps } = harness

describe('events', () => {
  it('exist if and only if the transaction commits', async () => {
    const token = newToken()
    const seen: Step[] = []
    const events = await start({
      group: 'commit.test',
      tokens: [token],
      handler: ({ payload }) => void seen.push(payload),
    })
    await assert.rejects(
      harness.db.transaction(async (tx) => {
        await events.publish(tx, token, { thing: 'undone', step: 1 })
        throw new Error('changed my mind')
      }),
    )
    await harness.db.transaction((tx) => events.publishMany(tx, token, steps('done', 3)))
    await waitFor(() => seen.length === 3)
    assert.deepEqual(seen, steps('done', 3))
    assert.equal(harness.metrics.read('mainstay_events_published_total', { event: token.name }), 3)
    assert.equal(
      harness.metrics.read('mainstay_events_handled_total', { group: 'commit.test', outcome: 'ok' }),
      3,
    )
  })

  it('of a transaction that commits late are neither lost nor waited for', async () => {
    const token = newToken()
    const seen: string[] = []
    const events = await start({
      group: 'late.test',
      tokens: [token],
      handler: ({ payload }) => void seen.push(payload.thing),
    })
    let commitEarly = (): void => {}
    const mayCommit = new Promise<void>((resolve) => {
      commitEarly = resolve
    })
    let published = (): void => {}
    const hasPublished = new Promise<void>((resolve) => {
      published = resolve
    })
    const early = harness.db.transaction(async (tx) => {
      await events.publish(tx, token, { thing: 'took the first number', step: 1 })
      published()
      await mayCommit
    })
    await hasPublished
    await publish(events, token, [{ thing: 'committed first', step: 1 }])
    // The first transaction is still open: an oldest-transaction watermark would hold this one back.
    await waitFor(() => seen.includes('committed first'))
    commitEarly()
    await early
    await waitFor(() => seen.length === 2)
    assert.deepEqual(seen, ['committed first', 'took the first number'])
  })

  it('come one by one on a quiet server, without any being lost between two looks', async () => {
    const token = newToken()
    const seen: number[] = []
    const events = await start(
      { group: 'trickle.test', tokens: [token], handler: ({ payload }) => void seen.push(payload.step) },
      { pollMs: 1 },
    )
    for (const step of steps('drop', 200)) {
      await publish(events, token, [step])
      await waitFor(() => seen.length === step.step, { what: `event ${step.step}`, everyMs: 1 })
    }
  })

  it('survive a storm of overlapping transactions: none lost, none doubled, each key in order', async () => {
    const token = newToken()
    const group = 'storm.test'
    const seen = new Map<string, number[]>()
    const handler = async ({ payload }: { payload: Step }) => {
      const steps = seen.get(payload.thing) ?? []
      seen.set(payload.thing, [...steps, payload.step])
    }
    const options = { group, tokens: [token], handler, shards: 3 }
    // Three processes share the group, and page after page is cut short.
    const [events] = await Promise.all(
      [1, 2, 3].map(() =>
        start(options, { db: harness.database.openDb({ poolSize: 4 }), pageSize: 7, leaseMs: 30_000 }),
      ),
    )
    assert.ok(events)
    await harness.db.query({ text: 'CREATE TABLE counters (thing text PRIMARY KEY, step int NOT NULL)' })
    await harness.db.query({
      text: `INSERT INTO counters SELECT 'thing ' || n, 0 FROM generate_series(0, 9) AS n`,
    })
    const writers = harness.database.openDb({ poolSize: 30 })
    let expected = 0
    const write = async (writer: number): Promise<void> => {
      for (let round = 0; round < 20; round++) {
        const rollBack = Math.random() < 0.2
        try {
          await writers.transaction(async (tx) => {
            // The transaction has its id, maybe long before it takes its position in the outbox.
            await tx.query({ text: 'SELECT pg_current_xact_id()' })
            for (let pause = Math.random() * 4; pause > 1; pause--) await tx.query({ text: 'SELECT 1' })
            const { rows } = await tx.query<Step>({
              text: 'UPDATE counters SET step = step + 1 WHERE thing = $1 RETURNING thing, step',
              values: [`thing ${(writer * 7 + round) % 10}`],
            })
            const [step] = rows
            assert.ok(step)
            await events.publish(tx, token, step)
            for (let pause = Math.random() * 4; pause > 1; pause--) await tx.query({ text: 'SELECT 1' })
            if (rollBack) throw new Error('rolled back')
          })
          expected++
        } catch (error) {
          if (!rollBack) throw error
        }
      }
    }
    await Promise.all(Array.from({ length: 30 }, (_, writer) => write(writer)))
    const count = () => [...seen.values()].reduce((sum, steps) => sum + steps.length, 0)
    await waitFor(() => count() >= expected, { what: `${expected} events` })
    for (const [thing, steps] of seen) {
      assert.deepEqual(
        steps,
        steps.map((_, index) => index + 1),
        thing,
      )
    }
    assert.equal(count(), expected)
  })

  it('carry the trace of whoever published them', async () => {
    const token = newToken()
    const seen: (string | undefined)[] = []
    const events = await start({
      group: 'trace.test',
      tokens: [token],
      handler: () => void seen.push(currentTrace()?.traceId),
    })
    const trace = newTrace()
    await withTrace(trace, () => publish(events, token, steps('traced', 1)))
    await waitFor(() => seen.length === 1)
    assert.equal(seen[0], trace.traceId)
  })

  it('written by somebody’s own statement, without a wake, are found by polling', async () => {
    const token = newToken()
    const seen: Step[] = []
    await start({
      group: 'contract.test',
      tokens: [token],
      handler: ({ payload, key }) => void seen.push({ ...payload, thing: key ?? '' }),
    })
    await harness.db.query({
      text: `INSERT INTO kernel.outbox (topic, key, payload, trace)
             SELECT $1, 'k' || n, json_build_object('step', n), NULL FROM generate_series(1, 500) AS n`,
      values: [token.name],
    })
    await waitFor(() => seen.length === 500)
    assert.deepEqual(
      seen.map(({ step }) => step).sort((a, b) => a - b),
      Array.from({ length: 500 }, (_, index) => index + 1),
    )
  })

  it('reach a new group from the oldest on, or from the next on, as it asks', async () => {
    const token = newToken()
    const [oldest, next]: [Step[], Step[]] = [[], []]
    const events = await start({ group: 'first.test', tokens: [token], handler: () => {} })
    await publish(events, token, steps('before', 2))
    await start({
      group: 'oldest.test',
      tokens: [token],
      handler: ({ payload }) => void oldest.push(payload),
    })
    await start({
      group: 'next.test',
      tokens: [token],
      from: 'next',
      handler: ({ payload }) => void next.push(payload),
    })
    await publish(events, token, steps('after', 1))
    await waitFor(() => oldest.length === 3 && next.length === 1)
    assert.deepEqual(next, steps('after', 1))
  })

  it('are named and subscribed to with care', async () => {
    assert.throws(() => defineEvent('shouting'), /capability\.what_happened/)
    const events = createEvents({ db: harness.db, bus: harness.bus, logger, metrics: createMetrics() })
    const subscription = { group: 'care.test', tokens: [newToken()], handler: () => {} }
    events.subscribe(subscription)
    assert.throws(() => events.subscribe(subscription), /subscribed already/)
    assert.throws(
      () => events.subscribe({ ...subscription, group: 'Bad name' }),
      /no name for a consumer group/,
    )
    assert.throws(
      () => events.subscribe({ ...subscription, group: 'a.b', tokens: [] }),
      /subscribes to nothing/,
    )
  })
})
