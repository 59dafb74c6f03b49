import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Clock, newId } from '@mainstay/kernel'
import { createFakeClock, useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { ledgerMigrations, TEST_PROJECT } from '../testing/ledger.ts'
import { createBreakers } from './breaker.ts'
import { changeBreaker, listBreakers } from './breaker-store.ts'
import { createSharedBreakers } from './shared-breakers.ts'

const REST_MS = 5_000

describe('the breaker of a process alone', () => {
  const accountId = newId()

  function start() {
    const clock = createFakeClock()
    const closed: string[] = []
    const breakers = createBreakers({
      clock,
      onClosed: (id) => closed.push(id),
      onError: (error) => assert.fail(String(error)),
    })
    breakers.know(TEST_PROJECT, accountId)
    return { clock, breakers, closed }
  }

  it('opens at a fault of the account, tries one message after the rest, and closes when it gets through', () => {
    const { clock, breakers, closed } = start()
    assert.equal(breakers.closedTo(accountId), undefined)
    breakers.faulty(accountId)
    assert.equal(breakers.closedTo(accountId)?.untilMs, clock.nowMs() + REST_MS)
    clock.advance(REST_MS)
    assert.equal(breakers.closedTo(accountId), undefined)
    assert.ok(breakers.probing(accountId))
    breakers.works(accountId)
    assert.ok(!breakers.probing(accountId))
    assert.deepEqual(closed, [accountId])
  })

  it('rests twice as long each time in a row, up to five minutes', () => {
    const { clock, breakers } = start()
    const rests: number[] = []
    for (let i = 0; i < 8; i++) {
      breakers.faulty(accountId)
      const restMs = (breakers.closedTo(accountId)?.untilMs ?? 0) - clock.nowMs()
      rests.push(restMs / 1000)
      clock.advance(restMs)
      assert.equal(breakers.closedTo(accountId), undefined)
    }
    assert.deepEqual(rests, [5, 10, 20, 40, 80, 160, 300, 300])
  })

  it('opens when half of twenty messages in a minute fail, and not for fewer or for older ones', () => {
    const { clock, breakers } = start()
    for (let i = 0; i < 19; i++) breakers.failed(accountId)
    assert.equal(breakers.closedTo(accountId), undefined)
    clock.advance(61_000)
    for (let i = 0; i < 11; i++) breakers.works(accountId)
    for (let i = 0; i < 10; i++) breakers.failed(accountId)
    assert.equal(breakers.closedTo(accountId), undefined, '10 of 21')
    breakers.failed(accountId)
    assert.equal(breakers.closedTo(accountId)?.reason, 'resting: 11 of 22 messages failed within a minute')
  })
})

describe('the breaker of many processes', () => {
  const database = useTestDatabase({ sets: ledgerMigrations, db: { poolSize: 20 } })

  /** A process's worth: its breakers, and the word of others that reaches it. */
  function start(clock: Clock) {
    const shared = createSharedBreakers({
      db: database.db,
      clock,
      tables: { invalidate: async () => {} },
    })
    const errors: unknown[] = []
    const breakers = createBreakers({
      clock,
      shared,
      onClosed: () => {},
      onError: (error) => errors.push(error),
    })
    const hear = async (): Promise<void> =>
      breakers.adopt(TEST_PROJECT, await listBreakers(database.db, TEST_PROJECT))
    return { breakers, hear, errors }
  }

  it('is written once of fifty who see the same fault, and all of them rest', async () => {
    const clock = createFakeClock(Date.now())
    const accountId = newId()
    const processes = Array.from({ length: 50 }, () => start(clock))
    for (const { breakers } of processes) {
      breakers.know(TEST_PROJECT, accountId)
      breakers.faulty(accountId)
    }
    const row = await waitFor(async () =>
      (await listBreakers(database.db, TEST_PROJECT)).find((one) => one.accountId === accountId),
    )
    assert.equal(row.state, 2)
    for (const { hear } of processes) await hear()
    const [last] = (await listBreakers(database.db, TEST_PROJECT)).filter(
      (one) => one.accountId === accountId,
    )
    assert.equal(last?.epoch, 1, 'one wrote, and the others found that it had')
    for (const { breakers, errors } of processes) {
      assert.ok(breakers.closedTo(accountId))
      assert.deepEqual(errors, [])
    }
  })

  it('is tried by one of fifty when its rest is over, and closes for all when that one gets through', async () => {
    const clock = createFakeClock(Date.now())
    const accountId = newId()
    const reason = 'resting after a fault of the account'
    const open = {
      accountId,
      state: 2,
      times: 1,
      untilMs: clock.nowMs() + REST_MS,
      holder: null,
      reason,
    } as const
    assert.ok(await changeBreaker(database.db, TEST_PROJECT, 0, open, clock.nowMs()))
    const processes = Array.from({ length: 50 }, () => start(clock))
    for (const { hear } of processes) await hear()
    clock.advance(REST_MS)
    for (const { breakers } of processes)
      assert.ok(breakers.closedTo(accountId), 'nobody before it is settled who')
    const trying = await waitFor(() => {
      const found = processes.filter(({ breakers }) => breakers.closedTo(accountId) === undefined)
      return found.length > 0 && found
    })
    for (const { hear } of processes) await hear()
    assert.equal(processes.filter(({ breakers }) => breakers.closedTo(accountId) === undefined).length, 1)
    trying[0]?.breakers.works(accountId)
    await waitFor(async () => {
      const rows = await listBreakers(database.db, TEST_PROJECT)
      return rows.find((one) => one.accountId === accountId)?.state === 1
    })
    // One word is enough, also for those who hear it while they are still finding out that they may not try.
    for (const { hear } of processes) await hear()
    await waitFor(() => processes.every(({ breakers }) => breakers.closedTo(accountId) === undefined))
  })

  it('takes the newest word, also when that comes while an older one is being read', async () => {
    const clock = createFakeClock()
    const accountId = newId()
    const { promise: refused, resolve: refuse } = Promise.withResolvers<boolean>()
    const row = { accountId, times: 1, untilMs: clock.nowMs(), holder: null, reason: 'resting' }
    const breakers = createBreakers({
      clock,
      shared: {
        workerId: newId(),
        change: () => refused,
        read: async () => [{ ...row, epoch: 2, state: 3, untilMs: clock.nowMs() + 10_000, holder: newId() }],
      },
      onClosed: () => {},
      onError: (error) => assert.fail(String(error)),
    })
    breakers.adopt(TEST_PROJECT, [{ ...row, epoch: 1, state: 2 }])
    assert.ok(breakers.closedTo(accountId), 'it asks whether it may try')
    breakers.adopt(TEST_PROJECT, [{ ...row, epoch: 3, state: 1, times: 0 }])
    refuse(false)
    await waitFor(() => breakers.closedTo(accountId) === undefined)
  })

  it('is tried by another when the one that tried it has died', async () => {
    const clock = createFakeClock(Date.now())
    const accountId = newId()
    const dead = {
      accountId,
      state: 3,
      times: 1,
      untilMs: clock.nowMs() + 1000,
      holder: newId(),
      reason: 'resting',
    } as const
    assert.ok(await changeBreaker(database.db, TEST_PROJECT, 0, dead, clock.nowMs()))
    const { breakers, hear } = start(clock)
    await hear()
    assert.ok(breakers.closedTo(accountId))
    clock.advance(1000)
    await waitFor(() => breakers.closedTo(accountId) === undefined)
  })
})
