import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Bus, createBus } from '../bus/index.ts'
import { kernelMigrations } from '../kernel-migrations.ts'
import { createLogger, createMetrics } from '../telemetry/index.ts'
import { useTestDatabase, waitFor } from '../testing/index.ts'
import { createEvents, defineEvent, type Events, type EventsOptions } from './index.ts'

const database = useTestDatabase({ sets: [kernelMigrations] })
const logger = createLogger({ level: 'silent' })
const numbered = defineEvent<number>('test.numbered', { key: (number) => `key ${number % 20}` })

describe('consumer groups', () => {
  let bus: Bus
  const running: Events[] = []

  before(async () => {
    bus = createBus({ connection: database.connectionString })
    await bus.start()
  })
  after(async () => {
    await Promise.all(running.map((events) => events.stop()))
    await bus.stop()
  })

  function create(
    group: string,
    handler: (number: number) => unknown,
    options: Partial<EventsOptions> & { shards?: number } = {},
  ): Events {
    const { shards = 4, ...rest } = options
    const events = createEvents({
      db: database.db,
      bus,
      logger,
      metrics: createMetrics(),
      pollMs: 20,
      leaseMs: 600,
      ...rest,
    })
    events.subscribe({
      group,
      shards,
      from: 'next',
      tokens: [numbered],
      handler: async ({ payload }) => void (await handler(payload)),
    })
    running.push(events)
    return events
  }

  const publish = (events: Events, from: number, to: number) =>
    database.db.transaction((tx) =>
      events.publishMany(
        tx,
        numbered,
        Array.from({ length: to - from }, (_, index) => from + index),
      ),
    )

  /** How many shards of a group each process holds. */
  async function owners(group: string): Promise<number[]> {
    const { rows } = await database.db.query<{ count: number }>({
      text: `SELECT count(*)::int FROM kernel.event_cursors
             WHERE group_name = $1 AND owner IS NOT NULL GROUP BY owner ORDER BY 1`,
      values: [group],
    })
    return rows.map(({ count }) => count)
  }

  it('share their shards among the processes, and share again when one leaves', async () => {
    const group = 'share.test'
    const seen: [number[], number[]] = [[], []]
    const first = create(group, (number) => void seen[0].push(number))
    await first.start()
    assert.deepEqual(await owners(group), [4])
    const second = create(group, (number) => void seen[1].push(number))
    await second.start()
    await waitFor(async () => (await owners(group)).join() === '2,2', { what: 'two shards each' })
    await publish(first, 0, 200)
    await waitFor(() => seen[0].length + seen[1].length === 200)
    assert.ok(seen[0].length > 0 && seen[1].length > 0)
    await first.stop()
    await waitFor(async () => (await owners(group)).join() === '4', { what: 'all with one' })
    await publish(second, 200, 300)
    await waitFor(() => seen[0].length + seen[1].length === 300)
    assert.deepEqual(
      [...seen[0], ...seen[1]].sort((a, b) => a - b),
      Array.from({ length: 300 }, (_, index) => index),
    )
    await second.stop()
  })

  it('hand the shards of a process that vanished to another, with all it had not finished', async () => {
    const group = 'vanish.test'
    const doomedDb = database.openDb({ poolSize: 4 })
    let begun = 0
    const doomed = create(
      group,
      () => {
        begun++
        return new Promise(() => {}) // never finishes
      },
      { db: doomedDb },
    )
    await doomed.start()
    await publish(doomed, 0, 40)
    await waitFor(() => begun > 0)
    const seen = new Set<number>()
    const heir = create(group, (number) => void seen.add(number))
    await heir.start()
    await doomedDb.close() // as a kill would: no word of goodbye
    await waitFor(() => seen.size === 40, { what: 'the heir to have done everything' })
    await heir.stop()
  })

  it('refuse the writes of a process that slept through its lease', async () => {
    const group = 'zombie.test'
    let release = (): void => {}
    const asleep = new Promise<void>((resolve) => {
      release = resolve
    })
    const seen: number[] = []
    const zombie = create(group, () => asleep, { shards: 1, leaseMs: 60_000 })
    await zombie.start()
    await publish(zombie, 0, 3)
    // Somebody else takes the shard meanwhile, and reads on from where the zombie has not saved.
    await database.db.query({
      text: 'UPDATE kernel.event_cursors SET epoch = epoch + 1, owner = NULL WHERE group_name = $1',
      values: [group],
    })
    const { rows: before } = await database.db.query({
      text: 'SELECT done::text, after_seq, position, epoch FROM kernel.event_cursors WHERE group_name = $1',
      values: [group],
    })
    release()
    await zombie.stop()
    const { rows: afterwards } = await database.db.query({
      text: 'SELECT done::text, after_seq, position, epoch FROM kernel.event_cursors WHERE group_name = $1',
      values: [group],
    })
    assert.deepEqual(afterwards, before)
    const successor = create(group, (number) => void seen.push(number), { shards: 1 })
    await successor.start()
    await waitFor(() => seen.length === 3)
    await successor.stop()
  })

  it('finish what they began when they are stopped, and start no more', async () => {
    const group = 'stop.test'
    const seen: number[] = []
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const first = create(
      group,
      async (number) => {
        await gate
        seen.push(number)
      },
      { shards: 1 },
    )
    await first.start()
    await publish(first, 0, 60)
    await waitFor(async () => {
      const { rows } = await database.db.query<{ waiting: boolean }>({
        text: `SELECT bool_and(last_value > position) AS waiting FROM kernel.event_cursors, kernel.outbox_seq
               WHERE group_name = $1`,
        values: [group],
      })
      return rows[0]?.waiting
    })
    const stopped = first.stop()
    release()
    await stopped
    const begun = seen.length
    assert.ok(begun < 60, `${begun} were handled`)
    const second = create(group, (number) => void seen.push(number), { shards: 1 })
    await second.start()
    await waitFor(() => new Set(seen).size === 60)
    await second.stop()
  })

  it('keep the number of shards they were made with, and are gone once removed', async () => {
    const group = 'fixed.test'
    const first = create(group, () => {}, { shards: 2 })
    await first.start()
    await first.stop()
    const second = create(group, () => {}, { shards: 8 })
    await second.start()
    assert.deepEqual(await owners(group), [2])
    await second.stop()
    assert.equal(await second.removeGroup(group), true)
    assert.equal(await second.removeGroup(group), false)
    assert.deepEqual(await owners(group), [])
  })

  it('go on after the database went away for a moment', async () => {
    const group = 'blink.test'
    const seen: number[] = []
    const events = create(group, (number) => void seen.push(number), { db: database.openDb({ poolSize: 4 }) })
    await events.start()
    await publish(events, 0, 5)
    await waitFor(() => seen.length === 5)
    await database.db.query({
      text: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    })
    await publish(events, 5, 10)
    await waitFor(() => new Set(seen).size === 10)
    await events.stop()
  })
})
