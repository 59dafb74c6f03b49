import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createBus } from '../bus/index.ts'
import { createLogger } from '../telemetry/index.ts'
import { useTestDatabase } from '../testing/database.ts'
import { waitFor } from '../testing/wait-for.ts'
import { type CacheOptions, createCache } from './cache.ts'

const database = useTestDatabase()
const logger = createLogger({ level: 'silent' })
const buses: ReturnType<typeof createBus>[] = []

async function openBus(): Promise<ReturnType<typeof createBus>> {
  const bus = createBus({ connection: database.connectionString, logger, heartbeatMs: 100 })
  await bus.start()
  buses.push(bus)
  return bus
}

after(async () => {
  for (const bus of buses) await bus.stop()
})

/** A cache over a record of loads; `release` lets the loads that wait go on. */
function counting(options: Partial<CacheOptions<string>> = {}) {
  const loaded: string[] = []
  const source = new Map<string, string>()
  const cache = createCache<string>({
    name: 'test.values',
    maxEntries: 3,
    ttlMs: 1000,
    async load(key) {
      loaded.push(key)
      return source.get(key)
    },
    ...options,
  })
  return { cache, loaded, source }
}

test('calls for one key that come together share one load', async () => {
  const { cache, loaded, source } = counting()
  source.set('a', 'one')
  const found = await Promise.all(Array.from({ length: 50 }, () => cache.get('a')))
  assert.deepEqual(new Set(found), new Set(['one']))
  assert.deepEqual(loaded, ['a'])
  assert.equal(cache.peek('a'), 'one')
})

test('a hit never makes an entry live longer', async () => {
  let time = 0
  const { cache, loaded, source } = counting({ now: () => time })
  source.set('a', 'one')
  for (time = 0; time < 1000; time += 100) await cache.get('a')
  assert.equal(loaded.length, 1)
  time = 1000
  await cache.get('a')
  assert.equal(loaded.length, 2)
})

test('that there is none is remembered only where it was asked for, and for its own time', async () => {
  const forgetful = counting()
  await forgetful.cache.get('none')
  await forgetful.cache.get('none')
  assert.equal(forgetful.loaded.length, 2)
  let time = 0
  const remembering = counting({ negativeTtlMs: 50, now: () => time })
  await remembering.cache.get('none')
  time = 49
  await remembering.cache.get('none')
  assert.equal(remembering.loaded.length, 1)
  time = 50
  await remembering.cache.get('none')
  assert.equal(remembering.loaded.length, 2)
})

test('a failed load is told to all who wait, and the next call tries again', async () => {
  let fail = true
  const { cache } = counting({
    async load() {
      if (fail) throw new Error('the database is away')
      return 'back'
    },
  })
  const results = await Promise.allSettled([cache.get('a'), cache.get('a')])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  fail = false
  assert.equal(await cache.get('a'), 'back')
})

test('the least recently used entry leaves first', async () => {
  const { cache, loaded, source } = counting()
  for (const key of ['a', 'b', 'c']) {
    source.set(key, key)
    await cache.get(key)
  }
  await cache.get('a')
  source.set('d', 'd')
  await cache.get('d')
  loaded.length = 0
  await cache.get('a')
  await cache.get('b')
  assert.deepEqual(loaded, ['b'])
})

test('what was being loaded when its key was invalidated is not kept, and later callers load again', async () => {
  const steps: ((value: string) => void)[] = []
  const { cache } = counting({ load: () => new Promise((resolve) => steps.push(resolve)) })
  const early = cache.get('a')
  await cache.invalidate(database.db, 'a')
  const late = cache.get('a')
  steps[0]?.('before the change')
  steps[1]?.('after the change')
  assert.equal(await early, 'before the change')
  assert.equal(await late, 'after the change')
  assert.equal(cache.peek('a'), 'after the change')
})

test('a change in one process is forgotten in another when it commits, not when it rolls back', async () => {
  const [one, two] = [counting({ bus: await openBus() }), counting({ bus: await openBus() })]
  for (const { cache, source } of [one, two]) {
    source.set('a', 'old')
    await cache.start()
    await cache.get('a')
  }
  two.source.set('a', 'new')
  await assert.rejects(
    database.db.transaction(async (tx) => {
      await one.cache.invalidate(tx, 'a')
      throw new Error('rolled back')
    }),
    /rolled back/,
  )
  assert.equal(one.cache.peek('a'), 'old')
  await database.db.transaction((tx) => one.cache.invalidate(tx, 'a'))
  assert.equal(one.cache.peek('a'), undefined)
  await waitFor(async () => (await two.cache.get('a')) === 'new', { what: 'the other process to forget' })
})

test('while changes would not be heard of, entries live for a second at most', async () => {
  let time = 0
  let connected = true
  const deaf = { ...(await openBus()), isConnected: () => connected }
  const { cache, source } = counting({ bus: deaf, ttlMs: 60_000, now: () => time })
  source.set('a', 'one')
  await cache.get('a')
  time = 1500
  assert.equal(cache.peek('a'), 'one')
  connected = false
  assert.equal(cache.peek('a'), undefined)
})

test('a lost connection empties the cache when it is back, since words may have been missed', async () => {
  const bus = await openBus()
  const { cache, source } = counting({ bus, ttlMs: 3_600_000 })
  await cache.start()
  source.set('a', 'old')
  await cache.get('a')
  await database.db.query({
    text: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE application_name = 'mainstay-bus' AND datname = current_database()`,
  })
  await waitFor(() => cache.peek('a') === undefined, { what: 'the cache to be emptied' })
  cache.stop()
})
