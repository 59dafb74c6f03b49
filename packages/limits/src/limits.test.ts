import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError, createDb, createLogger, createMetrics } from '@mainstay/kernel'
import { createFakeClock, skipUnless, waitFor } from '@mainstay/kernel/testing'
import { type CallContext, type Caller, nobody } from '@mainstay/rpc'
import fc from 'fast-check'
import {
  addressKey,
  createCallLimits,
  createLimits,
  createMemoryEngine,
  createPostgresEngine,
  createRedisEngine,
  type Engine,
  type Limit,
  limitHeaders,
  networkKey,
} from './index.ts'
import { keyOf } from './keys.ts'
import { startRedis } from './testing/redis.ts'

const logger = createLogger({ level: 'silent' })
const tenAMinute: Limit = { name: 'ten', algorithm: 'gcra', count: 10, periodMs: 60_000 }
const twoAWindow: Limit = { name: 'two', algorithm: 'window', count: 2, periodMs: 1000 }

function open(engine: Engine = createMemoryEngine()) {
  const clock = createFakeClock()
  const metrics = createMetrics()
  return { clock, metrics, limits: createLimits({ engine, clock, logger, metrics }) }
}

function refusedWith(reason: string) {
  return (error: unknown): boolean => error instanceof AppError && error.reason === reason
}

describe('a decision', () => {
  test('says what is left, when it comes back, and which limit decided', async () => {
    const { limits, clock } = open()
    const takes = [
      { limit: tenAMinute, key: ['ada'] },
      { limit: twoAWindow, key: ['ada'] },
    ]
    const first = await limits.take(takes)
    assert.deepEqual(
      first.verdicts.map(({ remaining, resetMs }) => [remaining, resetMs]),
      [
        [9, 6000],
        [1, 1000],
      ],
    )
    await limits.take(takes)
    const third = await limits.take(takes)
    assert.equal(third.allowed, false)
    assert.equal(third.decidedBy?.limit.name, 'two')
    assert.equal(third.decidedBy?.retryAfterMs, 1000)
    assert.equal(third.verdicts[0]?.remaining, 8, 'the other took nothing')
    await assert.rejects(limits.require(takes), refusedWith('limits.exceeded'))
    clock.advance(1000)
    assert.equal((await limits.take(takes)).allowed, true)
  })

  test('counts what a limit in shadow would have refused, and refuses nothing', async () => {
    const { limits, metrics } = open()
    const shadow: Limit = { ...twoAWindow, mode: 'shadow' }
    for (let index = 0; index < 5; index++) {
      const decision = await limits.take([{ limit: shadow, key: ['ada'] }])
      assert.equal(decision.allowed, true)
      assert.equal(decision.shadowed.length, index < 2 ? 0 : 1)
    }
    assert.match(metrics.render(), /mainstay_limits_shadowed_total\{limit="two"\} 3/)
  })

  test('never comes for what costs more than there ever is', async () => {
    const { limits } = open()
    for (const limit of [tenAMinute, twoAWindow]) {
      const { decidedBy } = await limits.take([{ limit, key: ['ada'], cost: 11 }])
      assert.equal(decidedBy?.retryAfterMs, Number.POSITIVE_INFINITY)
    }
  })

  test('is asked about a limit and key once', () => {
    const { limits } = open()
    const take = { limit: tenAMinute, key: ['ada'] }
    assert.throws(() => void limits.take([take, take]), TypeError)
  })
})

describe('keys', () => {
  test('of different parts are different, whatever the parts hold', () => {
    const part = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.constantFrom('|', ':', '1:a', ''))
    fc.assert(
      fc.property(fc.array(part), fc.array(part), (one, other) => {
        const same = JSON.stringify(one.map(String)) === JSON.stringify(other.map(String))
        assert.equal(keyOf(tenAMinute, one) === keyOf(tenAMinute, other), same)
      }),
    )
    assert.ok(keyOf(tenAMinute, ['x'.repeat(10_000)]).length < 100)
  })
})

describe('an engine that cannot be asked', () => {
  const broken = (): Engine =>
    createPostgresEngine(createDb({ connectionString: 'postgresql://127.0.0.1:1/none' }))

  test('lets nothing through where a limit is closed', async () => {
    const { limits } = open(broken())
    const closed: Limit = { ...tenAMinute, onFailure: 'closed' }
    await assert.rejects(
      async () => await limits.take([{ limit: closed, key: ['ada'] }]),
      refusedWith('limits.unavailable'),
    )
  })

  test('lets everything through where it is open, and counts it', async () => {
    const { limits, metrics } = open(broken())
    const takes = [{ limit: { ...twoAWindow, onFailure: 'open' as const }, key: ['ada'] }]
    for (let index = 0; index < 5; index++) {
      const decision = await limits.take(takes)
      assert.deepEqual([decision.allowed, decision.degraded], [true, true])
    }
    assert.match(metrics.render(), /mainstay_limits_engine_failures_total\{engine="postgres"\} 5/)
  })

  test('leaves this process to count for itself, with its share, where nothing is said', async () => {
    const { limits } = open(broken())
    const answers = []
    for (let index = 0; index < 10; index++) {
      answers.push((await limits.take([{ limit: tenAMinute, key: ['ada'] }])).allowed)
    }
    assert.equal(answers.filter(Boolean).length, 5, 'half of ten: two processes are reckoned with')
  })

  test('a Redis that is killed costs no call, and is used again when it is back', {
    skip: skipUnless('redis-server'),
  }, async () => {
    const redis = await startRedis()
    const engine = await createRedisEngine({ url: redis.url })
    const { limits } = open(engine)
    try {
      const takes = [{ limit: { ...tenAMinute, onFailure: 'open' as const }, key: ['ada'] }]
      assert.equal((await limits.take(takes)).degraded, false)
      await redis.stop()
      assert.deepEqual(
        await waitFor(async () => {
          const decision = await limits.take(takes)
          return decision.degraded && decision.allowed
        }),
        true,
      )
    } finally {
      await engine.close()
    }
  })
})

describe('headers', () => {
  test('are those of the draft, and tell nothing of shadows', async () => {
    const { limits } = open()
    const shadow: Limit = { ...twoAWindow, name: 'ghost', mode: 'shadow' }
    const takes = [
      { limit: tenAMinute, key: ['ada'], cost: 10 },
      { limit: shadow, key: ['ada'] },
    ]
    assert.deepEqual(limitHeaders(await limits.take(takes)), [
      ['ratelimit-policy', '"ten";q=10;w=60'],
      ['ratelimit', '"ten";r=0;t=60'],
    ])
    const refused = Object.fromEntries(limitHeaders(await limits.take([{ limit: tenAMinute, key: ['ada'] }])))
    assert.equal(refused['retry-after'], '6')
  })
})

describe('addresses', () => {
  test('are told apart as networks give them out', () => {
    const cases = [
      ['192.0.2.7', '192.0.2.7', '192.0.2.0/24'],
      ['::ffff:192.0.2.7', '192.0.2.7', '192.0.2.0/24'],
      ['::ffff:c000:207', '192.0.2.7', '192.0.2.0/24'],
      ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
      ['2001:DB8:1:2::1', '2001:db8:1:2::/64', '2001:db8:1::/48'],
      ['fe80::1%eth0', 'fe80:0:0:0::/64', 'fe80:0:0::/48'],
      ['::1', '0:0:0:0::/64', '0:0:0::/48'],
      ['unix', 'unix', 'unix'],
    ] as const
    for (const [address, key, network] of cases) {
      assert.deepEqual([addressKey(address), networkKey(address)], [key, network], address)
    }
  })
})

describe('calls', () => {
  const context = (clientAddress: string) => {
    const headers: Record<string, string> = {}
    const setHeader = (name: string, value: string): void => {
      headers[name] = value
    }
    return { headers, ctx: { clientAddress, setHeader } as unknown as CallContext }
  }
  const settings = {
    engine: 'memory',
    redisUrl: undefined,
    publicPerMinute: 4,
    accountPerMinute: 2,
    apiKeyPerSecond: 0,
    shadow: false,
  } as const

  test('of public methods are limited by address, of accounts by account, of API keys not at all', async () => {
    const check = createCallLimits(open().limits, settings)
    const call = async (caller: Caller, address = '192.0.2.1') =>
      await check(caller, 'm', context(address).ctx)
    await call(nobody)
    await call(nobody)
    await assert.rejects(call(nobody), refusedWith('limits.exceeded'))
    await call(nobody, '192.0.2.2')
    await call(nobody, '2001:db8::1')
    await call(nobody, '2001:db8::2')
    await assert.rejects(
      call(nobody, '2001:db8::3'),
      refusedWith('limits.exceeded'),
      'one /64 is one subscriber',
    )
    const account: Caller = { ...nobody, kind: 'account', id: 'acc_1' }
    await call(account)
    await assert.rejects(call(account), refusedWith('limits.exceeded'))
    for (let index = 0; index < 100; index++) await call({ ...nobody, kind: 'api_key', id: 'key_1' })
  })

  test('in shadow are all let through', async () => {
    const check = createCallLimits(open().limits, { ...settings, shadow: true })
    for (let index = 0; index < 10; index++) await check(nobody, 'm', context('192.0.2.1').ctx)
  })

  test('that are refused are told when to come back', async () => {
    const check = createCallLimits(open().limits, { ...settings, publicPerMinute: 1 })
    await check(nobody, 'm', context('192.0.2.9').ctx)
    const { headers, ctx } = context('192.0.2.9')
    await assert.rejects(async () => await check(nobody, 'm', ctx), refusedWith('limits.exceeded'))
    assert.equal(headers['retry-after'], '60')
    assert.equal(headers['ratelimit-policy'], '"public_calls_per_address";q=1;w=60')
  })
})
