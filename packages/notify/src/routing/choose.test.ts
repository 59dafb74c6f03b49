import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scriptAccount } from '../testing/worker.ts'
import type { AccountRouting } from './account-routing.ts'
import { chooseAccount, EXPLORED_PERCENT, type RoutingFacts } from './choose.ts'
import type { Measured } from './rates.ts'

const account = (number: number, priority = 0, routing: AccountRouting = {}) =>
  scriptAccount(undefined, { number, priority, routing })

const [a, b, c] = [account(1), account(2), account(3)]
const id = (one: { providerAccountId: string }): string => one.providerAccountId

function facts(change: Partial<RoutingFacts> = {}): RoutingFacts {
  return { closedTo: () => undefined, country: () => undefined, random: () => 0.5, ...change }
}

/** By the account's id. */
function prices(by: Record<string, number>): NonNullable<RoutingFacts['priceOf']> {
  return (candidate) => by[candidate.providerAccountId]
}

function measured(by: Record<string, Partial<Measured>>): NonNullable<RoutingFacts['measuredOf']> {
  const none: Measured = { accepted: 0, delivered: 0, codes: 0, converted: 0 }
  return (candidate) => {
    const one = by[candidate.providerAccountId]
    return one === undefined ? undefined : { ...none, ...one }
  }
}

test('without prices and rates the first by priority and age is taken, and nothing is told', () => {
  assert.deepEqual(chooseAccount([a, b], facts()), { account: a, rejected: [] })
  assert.equal(chooseAccount([], facts()).account, undefined)
})

test('an account at rest is passed over, and why is told', () => {
  const route = chooseAccount([a, b], facts({ closedTo: (one) => (one === a ? 'resting' : undefined) }))
  assert.equal(route.account, b)
  assert.deepEqual(route.rejected, [{ account: id(a), reason: 'resting' }])
  assert.equal(chooseAccount([a], facts({ closedTo: () => 'resting' })).account, undefined)
})

test('a drained account and one that does not serve the country are passed over', () => {
  const [drained, french] = [account(1, 0, { drained: true }), account(2, 0, { countries: ['FR'] })]
  const route = chooseAccount([drained, french, c], facts({ country: () => 'DE' }))
  assert.equal(route.account, c)
  assert.deepEqual(
    route.rejected.map(({ reason }) => reason),
    ['drained for maintenance', 'does not serve DE'],
  )
  assert.equal(chooseAccount([french], facts({ country: () => 'FR' })).account, french)
})

test('after a definite refusal another account has its turn, and one that refused for good never again', () => {
  assert.equal(chooseAccount([a, b], facts({ refusedLast: id(a) })).account, b)
  assert.equal(chooseAccount([a], facts({ refusedLast: id(a) })).account, a, 'there is no other')
  const route = chooseAccount([a, b, c], facts({ refusedBy: [id(a), id(b)] }))
  assert.equal(route.account, c)
  assert.equal(chooseAccount([a], facts({ refusedBy: [id(a)] })).account, undefined)
})

test('after a lost answer the account that was asked binds, whatever others cost', () => {
  const cheap = prices({ [id(a)]: 1, [id(b)]: 9 })
  assert.equal(chooseAccount([a, b], facts({ priceOf: cheap, prefer: id(b) })).account, b)
  assert.equal(chooseAccount([a, b], facts({ priceOf: cheap, only: id(b) })).account, b)
  const closed = { closedTo: (one: object) => (one === b ? 'resting' : undefined) }
  assert.equal(chooseAccount([a, b], facts({ ...closed, prefer: id(b) })).account, a)
  assert.equal(chooseAccount([a, b], facts({ ...closed, only: id(b) })).account, undefined)
})

test('the least price for a delivered message wins, and the others are told with theirs', () => {
  const route = chooseAccount(
    [a, b],
    facts({
      priceOf: prices({ [id(a)]: 5000, [id(b)]: 6000 }),
      measuredOf: measured({
        [id(a)]: { accepted: 1000, delivered: 600 },
        [id(b)]: { accepted: 1000, delivered: 980 },
      }),
    }),
  )
  assert.equal(route.account, b)
  assert.equal(route.why, 'It costs least: 0.006 a message, 97.9 % of its messages arrive.')
  assert.deepEqual(route.rejected, [
    { account: id(a), reason: 'costs more: 0.005 a message, 60.7 % of its messages arrive' },
  ])
})

test('for one-time codes the part that was used counts instead', () => {
  const measuredOf = measured({
    [id(a)]: { accepted: 1000, delivered: 990, codes: 1000, converted: 300 },
    [id(b)]: { accepted: 1000, delivered: 900, codes: 1000, converted: 800 },
  })
  const priceOf = prices({ [id(a)]: 5000, [id(b)]: 5000 })
  assert.equal(chooseAccount([a, b], facts({ priceOf, measuredOf })).account, a)
  assert.equal(chooseAccount([a, b], facts({ priceOf, measuredOf, byConversion: true })).account, b)
})

test('a lower priority comes before any price; an account without a price comes after those with one', () => {
  const late = account(2, 10)
  const priceOf = prices({ [id(a)]: 9_000_000, [id(late)]: 1 })
  assert.equal(chooseAccount([a, late], facts({ priceOf })).account, a)
  assert.equal(chooseAccount([a, b], facts({ priceOf: prices({ [id(b)]: 7000 }) })).account, b)
})

test('differences within the noise move nothing', () => {
  const priceOf = prices({ [id(a)]: 5000, [id(b)]: 4950 })
  assert.deepEqual(chooseAccount([a, b], facts({ priceOf })), { account: a, rejected: [] })
})

test('weights share messages out and prices do not decide then', () => {
  const [one, three] = [account(1, 0, { weight: 1 }), account(2, 0, { weight: 3 })]
  const priceOf = prices({ [id(one)]: 1, [id(three)]: 100 })
  let taken = 0
  for (let i = 0; i < 1000; i++) {
    const route = chooseAccount([one, three], facts({ priceOf, random: () => i / 1000 }))
    if (route.account === three) taken++
  }
  assert.equal(taken, 750)
})

test('a pin comes before priorities and prices; an exclusive one has no substitute', () => {
  const late = account(2, 10)
  const pin = { account: id(late), exclusive: false }
  assert.equal(chooseAccount([a, late], facts({ pin })).account, late)
  const closedTo = (one: object) => (one === late ? 'resting' : undefined)
  assert.equal(chooseAccount([a, late], facts({ pin, closedTo })).account, a)
  assert.equal(
    chooseAccount([a, late], facts({ pin: { ...pin, exclusive: true }, closedTo })).account,
    undefined,
  )
})

test('an account that was hardly measured gets a few of a hundred, and none that is far too dear', () => {
  let seed = 1
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const measuredOf = measured({ [id(a)]: { accepted: 10_000, delivered: 9_900 } })
  const explored = (priceOfB: number, change: Partial<RoutingFacts> = {}): number => {
    let count = 0
    for (let i = 0; i < 10_000; i++) {
      const priceOf = prices({ [id(a)]: 5000, [id(b)]: priceOfB })
      if (chooseAccount([a, b], facts({ priceOf, measuredOf, random, ...change })).account === b) count++
    }
    return count / 100
  }
  const percent = explored(8000)
  assert.ok(percent > EXPLORED_PERCENT / 2 && percent < EXPLORED_PERCENT * 2, `${percent} %`)
  assert.equal(explored(50_000), 0, 'more than three times as dear')
  assert.equal(explored(8000, { refusedLast: 'another' }), 0, 'not with a message that was refused once')
  const enough = measured({
    [id(a)]: { accepted: 10_000, delivered: 9_900 },
    [id(b)]: { accepted: 200, delivered: 190 },
  })
  assert.equal(explored(8000, { measuredOf: enough }), 0, 'measured by now')
})

test('a thousand messages find their account of twenty in well under a claim', () => {
  const many = Array.from({ length: 20 }, (_, i) => ({ ...account(1), providerAccountId: `account-${i}` }))
  const priceOf = (one: { providerAccountId: string }): number => 5000 + one.providerAccountId.length
  for (let i = 0; i < 1000; i++) assert.ok(chooseAccount(many, facts({ priceOf })).account)
})
