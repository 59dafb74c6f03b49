import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type OpenedDatabase, openTestDatabase, skipUnless } from '@mainstay/kernel/testing'
import fc from 'fast-check'
import { limitsMigrations } from '../index.ts'
import { startRedis } from '../testing/redis.ts'
import { type Engine, type EngineTake, GCRA, WINDOW } from './engine.ts'
import { createMemoryEngine } from './memory.ts'
import { createPostgresEngine } from './postgres.ts'
import { createRedisEngine } from './redis.ts'

const NOW = 1_800_000_000_000
let keys = 0
const newKey = (): string => `key-${keys++}`
const gcra = (key: string, more: Partial<EngineTake> = {}): EngineTake => ({
  ...{ key, algorithm: GCRA, a: 100, b: 1000, cost: 1, enforced: true },
  ...more,
})
const window = (key: string, more: Partial<EngineTake> = {}): EngineTake => ({
  ...{ key, algorithm: WINDOW, a: 10, b: 1000, cost: 1, enforced: true },
  ...more,
})

/** What every engine must do, whatever it keeps its counts in. */
function conforms(
  name: string,
  options: { skip: string | false },
  open: () => Promise<[Engine, () => Promise<void>]>,
) {
  describe(`the ${name} engine`, options, () => {
    let engine: Engine
    let close: () => Promise<void>
    before(async () => {
      ;[engine, close] = await open()
    })
    after(async () => {
      await close()
    })
    const allowed = async (takes: EngineTake[], nowMs: number) =>
      (await engine.take(takes, nowMs)).map((state) => state.allowed)

    test('lets a burst through, then one at a time, evenly', async () => {
      const key = newKey()
      for (let index = 0; index < 10; index++) assert.deepEqual(await allowed([gcra(key)], NOW), [true])
      assert.deepEqual(await allowed([gcra(key)], NOW), [false])
      assert.deepEqual(await allowed([gcra(key)], NOW + 99), [false])
      assert.deepEqual(await allowed([gcra(key)], NOW + 100), [true])
      assert.deepEqual(await allowed([gcra(key)], NOW + 100), [false])
    })

    test('counts a window from its first, and begins anew when it is over', async () => {
      const key = newKey()
      for (let index = 0; index < 10; index++) {
        assert.deepEqual(await allowed([window(key)], NOW + index * 100), [true])
      }
      assert.deepEqual(await allowed([window(key)], NOW + 999), [false])
      assert.deepEqual(await allowed([window(key)], NOW + 1000), [true])
    })

    test('agrees with a plain model, step by step', async () => {
      const step = fc.record({
        afterMs: fc.integer({ min: 0, max: 400 }),
        cost: fc.constantFrom(1, 1, 1, 2, 5, 11),
        algorithm: fc.constantFrom<1 | 2>(GCRA, WINDOW),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
          const names = { [GCRA]: newKey(), [WINDOW]: newKey() }
          let nowMs = NOW
          let fill = 0
          let filledAt = NOW
          let taken = 0
          let endsAt = 0
          for (const { afterMs, cost, algorithm } of steps) {
            nowMs += afterMs
            const make = algorithm === GCRA ? gcra : window
            const [said] = await allowed([make(names[algorithm], { cost })], nowMs)
            if (algorithm === GCRA) {
              // A bucket of ten that drips once in 100 ms.
              fill = Math.max(0, fill - (nowMs - filledAt) / 100)
              filledAt = nowMs
              const fits = fill + cost <= 10 + 1e-9
              assert.equal(said, fits)
              if (fits) fill += cost
            } else {
              if (nowMs >= endsAt) taken = 0
              const fits = taken + cost <= 10
              assert.equal(said, fits)
              if (fits) {
                if (taken === 0) endsAt = nowMs + 1000
                taken += cost
              }
            }
          }
        }),
        { numRuns: 40 },
      )
    })

    test('50 at once: never more than there are', async () => {
      for (const make of [gcra, window]) {
        const key = newKey()
        const answers = await Promise.all(Array.from({ length: 50 }, () => allowed([make(key)], NOW)))
        assert.equal(answers.filter(([one]) => one).length, 10)
      }
    })

    test('50 at once of two keys in turns: no deadlock, and both are kept', async () => {
      const [one = '', other = ''] = [newKey(), newKey()].toSorted()
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => allowed([gcra(one), window(other, { a: 7 })], NOW)),
      )
      assert.equal(answers.filter((both) => both.every(Boolean)).length, 7)
    })

    test('takes from all or from none', async () => {
      const [one = '', other = ''] = [newKey(), newKey()].toSorted()
      await allowed([window(other, { a: 1 })], NOW)
      const [first, second] = await engine.take([window(one), window(other, { a: 1 })], NOW)
      assert.deepEqual([first?.allowed, second?.allowed], [true, false])
      assert.deepEqual([first?.value, second?.value], [0, 1])
      const [after] = await engine.take([window(one)], NOW)
      assert.equal(after?.value, 1, 'what was refused took nothing')
    })

    test('lets what is in shadow refuse nothing, and take nothing where it would have', async () => {
      const [one = '', other = ''] = [newKey(), newKey()].toSorted()
      const shadow = window(other, { a: 0, enforced: false })
      const [first, second] = await engine.take([window(one), shadow], NOW)
      assert.deepEqual([first?.allowed, first?.value, second?.allowed, second?.value], [true, 1, false, 0])
    })

    test('refuses what costs more than there ever is', async () => {
      assert.deepEqual(await allowed([gcra(newKey(), { cost: 11 })], NOW), [false])
      assert.deepEqual(await allowed([window(newKey(), { cost: 11 })], NOW), [false])
    })

    test('gives nothing for a clock that goes back', async () => {
      const key = newKey()
      for (let index = 0; index < 10; index++) await allowed([gcra(key)], NOW)
      assert.deepEqual(await allowed([gcra(key)], NOW - 60_000), [false])
      assert.deepEqual(await allowed([gcra(key)], NOW + 100), [true])
    })

    test('takes keys of any text', async () => {
      for (const key of ['', 'ключ 🔑', "'; DROP TABLE limits.counters; --", 'x'.repeat(4000), '{a}:b\n']) {
        await engine.reset([key])
        assert.deepEqual(await allowed([window(key, { a: 1 })], NOW), [true])
        assert.deepEqual(await allowed([window(key, { a: 1 })], NOW), [false])
      }
    })

    test('forgets what it is told to, and what has expired', async () => {
      const key = newKey()
      await allowed([window(key, { a: 1 })], NOW)
      await engine.reset([key])
      assert.deepEqual(await allowed([window(key, { a: 1 })], NOW), [true])
      const swept = await engine.sweep(NOW + 60_000)
      if (engine.name !== 'redis') assert.ok(swept > 0)
      assert.deepEqual(await allowed([window(key, { a: 1 })], NOW + 60_000), [true])
    })
  })
}

conforms('memory', { skip: false }, async () => [createMemoryEngine(), async () => undefined])

conforms('PostgreSQL', { skip: false }, async () => {
  const database: OpenedDatabase = await openTestDatabase({ sets: [limitsMigrations] })
  return [createPostgresEngine(database.db), () => database.drop()]
})

conforms('Redis', { skip: skipUnless('redis-server') }, async () => {
  const redis = await startRedis()
  const engine = await createRedisEngine({ url: redis.url, timeoutMs: 5000 })
  return [
    engine,
    async () => {
      await engine.close()
      await redis.stop()
    },
  ]
})

test('the memory engine keeps no more keys than it may', () => {
  const engine = createMemoryEngine({ maxKeys: 3 })
  for (let index = 0; index < 5; index++) void engine.take([window(`k${index}`, { a: 1 })], NOW)
  const states = ['k0', 'k1', 'k2', 'k3', 'k4'].map((key) =>
    engine.take([window(key, { a: 1, enforced: true })], NOW),
  )
  const said = states.map((state) => (Array.isArray(state) ? state[0]?.allowed : undefined))
  assert.equal(said[4], true, 'k4 made room for k0, which made room for itself')
})
