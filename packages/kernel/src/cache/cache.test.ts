import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Bus, createBus } from '../bus/index.ts'
import { createMetrics } from '../telemetry/index.ts'
import { createFakeClock, useTestDatabase, waitFor } from '../testing/index.ts'
import { type Cache, type CacheOptions, createCache } from './index.ts'

const database = useTestDatabase()

/** A promise and its handle. */
function gate<T = void>() {
  let open = (_value: T): void => {}
  const opened = new Promise<T>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

describe('the cache', () => {
  // Two processes' worth of buses on one database.
  const buses: Bus[] = []
  const caches: { close(): void }[] = []
  let names = 0

  before(async () => {
    for (let i = 0; i < 2; i++) {
      const bus = createBus({ connection: database.connectionString })
      await bus.start()
      buses.push(bus)
    }
    await database.db.query({ text: 'CREATE TABLE things (key text PRIMARY KEY, value text)' })
  })
  after(async () => {
    for (const cache of caches) cache.close()
    await Promise.all(buses.map((bus) => bus.stop()))
  })

  async function create<V>(
    load: (key: string) => Promise<V | undefined>,
    options: Partial<CacheOptions<V>> & { process?: 0 | 1 } = {},
  ): Promise<Cache<V>> {
    const { process = 0, ...rest } = options
    const bus = buses[process]
    assert.ok(bus)
    const cache = await createCache<V>({
      name: `test.${++names}`,
      maxEntries: 100,
      ttlMs: 60_000,
      load,
      db: database.db,
      bus,
      ...rest,
    })
    caches.push(cache)
    return cache
  }

  /** Settles when everything sent so far has arrived at the first process. */
  async function roundTrip(): Promise<void> {
    const { open, opened } = gate<string>()
    const stop = await buses[0]?.listen('round_trip', open)
    await buses[0]?.notify(database.db, 'round_trip')
    await opened
    stop?.()
  }

  it('loads once for a crowd that asks at the same time', async () => {
    let loads = 0
    const { open, opened } = gate()
    const metrics = createMetrics()
    const cache = await create(
      async (key) => {
        loads++
        await opened
        return `${key}!`
      },
      { metrics },
    )
    const asked = Promise.all(Array.from({ length: 50 }, () => cache.get('a')))
    open()
    assert.deepEqual(new Set(await asked), new Set(['a!']))
    assert.equal(await cache.get('a'), 'a!')
    assert.equal(loads, 1)
    const outcomes = ['hit', 'load', 'joined'].map((outcome) =>
      metrics.read('mainstay_cache_lookups_total', { cache: `test.${names}`, outcome }),
    )
    assert.deepEqual(outcomes, [1, 1, 49])
  })

  it('lets an entry die at its age, however often it was used', async () => {
    let loads = 0
    const clock = createFakeClock()
    const cache = await create(async () => ++loads, { ttlMs: 1_000, clock })
    for (let age = 0; age < 1_000; age += 100) {
      assert.equal(await cache.get('hot'), 1)
      clock.advance(100)
    }
    clock.advance(1)
    assert.equal(await cache.get('hot'), 2)
  })

  it('remembers that there is none, for its own time', async () => {
    let loads = 0
    const clock = createFakeClock()
    const load = async (): Promise<string | undefined> => {
      loads++
      return undefined
    }
    const cache = await create(load, { negativeTtlMs: 500, clock })
    assert.equal(await cache.get('nobody'), undefined)
    assert.equal(await cache.get('nobody'), undefined)
    assert.equal(loads, 1)
    clock.advance(501)
    await cache.get('nobody')
    assert.equal(loads, 2)
    const forgetful = await create(load)
    await forgetful.get('nobody')
    await forgetful.get('nobody')
    assert.equal(loads, 4)
  })

  it('does not remember failures', async () => {
    let loads = 0
    const cache = await create(async () => {
      if (++loads === 1) throw new Error('down')
      return 'up'
    })
    await assert.rejects(cache.get('x'), /down/)
    assert.equal(await cache.get('x'), 'up')
  })

  it('keeps no more than it may', async () => {
    const cache = await create(async (key) => key, { maxEntries: 10 })
    for (let i = 0; i < 100; i++) await cache.get(String(i))
    assert.equal(cache.size, 10)
  })

  it('forgets a key in every process when one of them says so', async () => {
    let value = 'old'
    const name = 'test.shared'
    const here = await create(async () => value, { name })
    const there = await create(async () => value, { name, process: 1 })
    assert.deepEqual(await Promise.all([here.get('k'), there.get('k')]), ['old', 'old'])
    value = 'new'
    assert.equal(await there.get('k'), 'old')
    await here.invalidate('k')
    assert.equal(await here.get('k'), 'new', 'at once where it was said')
    await waitFor(async () => (await there.get('k')) === 'new')
    const long = 'x'.repeat(9_000)
    await here.get(long)
    await here.invalidate(long)
    await waitFor(() => there.size === 0, { what: 'a key too long to name to clear the cache' })
  })

  it('forgets at the commit of the change, not before, and not when it fails', async () => {
    await database.db.query({ text: `INSERT INTO things VALUES ('t', 'old')` })
    const read = async (key: string): Promise<string | undefined> => {
      const { rows } = await database.db.query<{ value: string }>({
        text: 'SELECT value FROM things WHERE key = $1',
        values: [key],
      })
      return rows[0]?.value
    }
    const name = 'test.commit'
    const here = await create(read, { name })
    const there = await create(read, { name, process: 1 })
    await Promise.all([here.get('t'), there.get('t')])
    await database.db.transaction(async (tx) => {
      await tx.query({ text: `UPDATE things SET value = 'new' WHERE key = 't'` })
      await here.invalidate('t', tx)
      assert.equal(await here.get('t'), 'old')
      assert.equal(await there.get('t'), 'old')
    })
    assert.equal(await here.get('t'), 'new')
    await waitFor(async () => (await there.get('t')) === 'new')
    await roundTrip() // our own announcement has come back too, and has taken the entry with it
    await here.get('t')
    await assert.rejects(
      database.db.transaction(async (tx) => {
        await here.invalidate('t', tx)
        throw new Error('changed my mind')
      }),
    )
    await roundTrip()
    assert.equal(here.size, 1)
  })

  it('does not keep what a load read before the change it was told of', async () => {
    let value = 'old'
    let loads = 0
    const first = gate()
    const cache = await create(async () => {
      const read = value
      if (++loads === 1) await first.opened // the answer is on its way while the world moves on
      return read
    })
    const asked = cache.get('k')
    value = 'new'
    await cache.invalidate('k')
    const askedLater = cache.get('k')
    assert.equal(await askedLater, 'new', 'who asks after the change does not join the old load')
    first.open()
    assert.equal(await asked, 'old', 'who asked before the change may get what was true then')
    assert.equal(await cache.get('k'), 'new', 'and the late arrival has not replaced the new value')
    assert.equal(loads, 2)
  })

  it('never serves a value older than a change announced before the question, in a storm of both', async () => {
    let truth = 0
    const name = 'test.storm'
    const load = async (): Promise<number> => {
      const read = truth
      for (let pause = Math.random() * 3; pause > 1; pause--) await new Promise((done) => setImmediate(done))
      return read
    }
    const [here, there] = [await create(load, { name }), await create(load, { name, process: 1 })]
    let announced = 0
    let writing = true
    const writer = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) {
        truth++
        const current = truth
        await here.invalidate('k')
        announced = current
      }
      writing = false
    }
    const reader = async (): Promise<void> => {
      while (writing) {
        const atLeast = announced
        const value = await here.get('k')
        assert.ok(value !== undefined && value >= atLeast, `${value} after ${atLeast} was announced`)
        await there.get('k')
        await new Promise((done) => setImmediate(done))
      }
    }
    await Promise.all([writer(), ...Array.from({ length: 10 }, reader)])
    await waitFor(async () => (await there.get('k')) === 100)
  })

  it('forgets everything when notifications may have been missed, and trusts nothing for long until then', async () => {
    const name = 'mainstay-cache-test'
    const bus = createBus({ connection: database.connectionString, applicationName: name })
    await bus.start()
    const clock = createFakeClock()
    let value = 'old'
    const cache = await create(async () => value, { bus, clock })
    await cache.get('k')
    value = 'new'
    await database.db.query({
      text: 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1',
      values: [name],
    })
    await waitFor(async () => (await cache.get('k')) === 'new', { what: 'the flush after the reconnect' })
    await bus.stop()
    cache.clear()
    await cache.get('k')
    value = 'newest'
    clock.advance(1_001)
    assert.equal(await cache.get('k'), 'newest', 'without a connection an entry lives for a second')
  })
})
