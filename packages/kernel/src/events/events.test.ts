import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Bus, createBus } from '../bus/index.ts'
import { kernelMigrations } from '../kernel-migrations.ts'
import {
  createLogger,
  createMetrics,
  currentTrace,
  type Metrics,
  newTrace,
  withTrace,
} from '../telemetry/index.ts'
import { useTestDatabase, waitFor } from '../testing/index.ts'
import { createEvents, defineEvent, type Events, type EventsOptions, type Subscription } from './index.ts'

const database = useTestDatabase({ sets: [kernelMigrations] })
const logger = createLogger({ level: 'silent' })

interface Step {
  thing: string
  step: number
}
let topics = 0
/** A token nobody else uses, so that tests share the database but not their events. */
const newToken = () => defineEvent<Step>(`test.happened_${++topics}`, { key: ({ thing }) => thing })

describe('events', () => {
  let bus: Bus
  let metrics: Metrics
  const running: Events[] = []

  before(async () => {
    bus = createBus({ connection: database.connectionString })
    await bus.start()
  })
  after(async () => {
    await Promise.all(running.map((events) => events.stop()))
    await bus.stop()
  })

  /** As one process would have them. */
  async function start(
    subscription: Subscription<Step>,
    options: Partial<EventsOptions> = {},
  ): Promise<Events> {
    metrics = createMetrics()
    const events = createEvents({
      db: database.db,
      bus,
      logger,
      metrics,
      pollMs: 20,
      leaseMs: 2_000,
      ...options,
    })
    events.subscribe(subscription)
    await events.start()
    running.push(events)
    return events
  }

  /** Publishes steps in one transaction each. */
  async function publish(events: Events, token: ReturnType<typeof newToken>, steps: Step[]): Promise<void> {
    for (const step of steps) await database.db.transaction((tx) => events.publish(tx, token, step))
  }

  const things = (thing: string, count: number): Step[] =>
    Array.from({ length: count }, (_, index) => ({ thing, step: index + 1 }))

  it('exist if and only if the transaction commits', async () => {
    const token = newToken()
    const seen: Step[] = []
    const events = await start({
      group: 'commit.test',
      tokens: [token],
      handler: ({ payload }) => void seen.push(payload),
    })
    await assert.rejects(
      database.db.transaction(async (tx) => {
        await events.publish(tx, token, { thing: 'undone', step: 1 })
        throw new Error('changed my mind')
      }),
    )
    await database.db.transaction((tx) => events.publishMany(tx, token, things('done', 3)))
    await waitFor(() => seen.length === 3)
    assert.deepEqual(seen, things('done', 3))
    assert.equal(metrics.read('mainstay_events_published_total', { event: token.name }), 3)
    assert.equal(metrics.read('mainstay_events_handled_total', { group: 'commit.test', outcome: 'ok' }), 3)
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
    const early = database.db.transaction(async (tx) => {
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
    for (const step of things('drop', 200)) {
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
        start(options, { db: database.openDb({ poolSize: 4 }), pageSize: 7, leaseMs: 30_000 }),
      ),
    )
    assert.ok(events)
    await database.db.query({ text: 'CREATE TABLE counters (thing text PRIMARY KEY, step int NOT NULL)' })
    await database.db.query({
      text: `INSERT INTO counters SELECT 'thing ' || n, 0 FROM generate_series(0, 9) AS n`,
    })
    const writers = database.openDb({ poolSize: 30 })
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

  it('that fail block only their own key, and keep its order', async () => {
    const token = newToken()
    const seen: string[] = []
    let broken = true
    const events = await start({
      group: 'block.test',
      tokens: [token],
      retry: { baseMs: 5, maxMs: 10, maxAttempts: 1_000 },
      handler: ({ payload }) => {
        if (payload.thing === 'bad' && payload.step === 2 && broken) throw new Error('not now')
        seen.push(`${payload.thing} ${payload.step}`)
      },
    })
    await publish(events, token, [...things('bad', 4), ...things('good', 3)])
    await waitFor(() => seen.includes('good 3'))
    assert.deepEqual(
      seen.filter((entry) => entry.startsWith('bad')),
      ['bad 1'],
    )
    await publish(events, token, [{ thing: 'bad', step: 5 }])
    broken = false
    await waitFor(() => seen.includes('bad 5'))
    assert.deepEqual(
      seen.filter((entry) => entry.startsWith('bad')),
      ['bad 1', 'bad 2', 'bad 3', 'bad 4', 'bad 5'],
    )
    await publish(events, token, [{ thing: 'bad', step: 6 }])
    await waitFor(() => seen.includes('bad 6'))
  })

  it('that keep failing become dead letters, which can be listed, replayed and discarded', async () => {
    const token = newToken()
    const group = 'dead.test'
    const attempts: number[] = []
    const seen: number[] = []
    let broken = true
    const events = await start({
      group,
      tokens: [token],
      retry: { baseMs: 1, maxMs: 1, maxAttempts: 3 },
      handler: ({ payload, attempt }) => {
        if (payload.step === 1 && broken) {
          attempts.push(attempt)
          throw new TypeError('cannot digest this')
        }
        seen.push(payload.step)
      },
    })
    await publish(events, token, things('meal', 2))
    await waitFor(() => seen.includes(2), { what: 'the event behind the dead one' })
    assert.deepEqual(attempts, [1, 2, 3])
    const [letter, ...others] = await events.deadLetters.list({ group })
    assert.ok(letter)
    assert.deepEqual(others, [])
    assert.equal(letter.name, token.name)
    assert.equal(letter.attempts, 3)
    assert.equal(letter.error, 'TypeError: cannot digest this')
    assert.deepEqual(letter.payload, { thing: 'meal', step: 1 })

    broken = false
    assert.equal(await events.deadLetters.replay([letter.id]), 1)
    await waitFor(() => seen.includes(1), { what: 'the replay' })
    assert.deepEqual(await events.deadLetters.list({ group }), [])

    broken = true
    await publish(events, token, things('other', 1))
    const again = await waitFor(async () => (await events.deadLetters.list({ group }))[0])
    assert.equal(await events.deadLetters.discard([again.id]), 1)
    assert.deepEqual(await events.deadLetters.list({ group }), [])
  })

  it('without a key wait for nobody, and one attempt can be all', async () => {
    const token = defineEvent<number>(`test.loose_${++topics}`)
    const group = 'loose.test'
    const seen: number[] = []
    const events = createEvents({ db: database.db, bus, logger, metrics: createMetrics(), pollMs: 20 })
    running.push(events)
    events.subscribe({
      group,
      tokens: [token],
      retry: { maxAttempts: 1 },
      handler: ({ payload }) => {
        if (payload === 1) throw new Error('never')
        seen.push(payload)
      },
    })
    await events.start()
    await database.db.transaction((tx) => events.publishMany(tx, token, [1, 2, 3]))
    await waitFor(() => seen.length === 2)
    const [letter] = await waitFor(async () => {
      const letters = await events.deadLetters.list({ group })
      return letters.length > 0 && letters
    })
    assert.equal(letter?.attempts, 1)
  })

  it('delivered twice take effect once when the consumer says `once`', async () => {
    const token = newToken()
    const group = 'once.test'
    await database.db.query({ text: 'CREATE TABLE ledger (thing text, step int)' })
    const outcomes: boolean[] = []
    const events = await start({
      group,
      tokens: [token],
      retry: { baseMs: 1, maxAttempts: 5 },
      async handler({ payload, attempt }, delivery) {
        outcomes.push(
          await delivery.once(async (tx) => {
            await tx.query({
              text: 'INSERT INTO ledger VALUES ($1, $2)',
              values: [payload.thing, payload.step],
            })
          }),
        )
        if (attempt < 3) throw new Error('after the commit')
      },
    })
    await publish(events, token, things('coin', 1))
    await waitFor(() => outcomes.length === 3)
    assert.deepEqual(outcomes, [true, false, false])
    const { rows } = await database.db.query({ text: 'SELECT * FROM ledger' })
    assert.deepEqual(rows, things('coin', 1))
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
    await withTrace(trace, () => publish(events, token, things('traced', 1)))
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
    await database.db.query({
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
    await publish(events, token, things('before', 2))
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
    await publish(events, token, things('after', 1))
    await waitFor(() => oldest.length === 3 && next.length === 1)
    assert.deepEqual(next, things('after', 1))
  })

  it('that a handler sits on for too long count as failed', async () => {
    const token = newToken()
    let aborted = false
    const seen: number[] = []
    const events = await start({
      group: 'slow.test',
      tokens: [token],
      timeoutMs: 20,
      retry: { baseMs: 1 },
      async handler({ attempt }, { signal }) {
        if (attempt > 1) return void seen.push(attempt)
        await new Promise<void>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true
            reject(signal.reason)
          })
        })
      },
    })
    await publish(events, token, things('slow', 1))
    await waitFor(() => seen.length === 1)
    assert.equal(aborted, true)
    assert.deepEqual(seen, [2])
  })

  it('are named and subscribed to with care', async () => {
    assert.throws(() => defineEvent('shouting'), /capability\.what_happened/)
    const events = createEvents({ db: database.db, bus, logger, metrics: createMetrics() })
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
