import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Executor, newId, systemClock } from '@mainstay/kernel'
import { createFakeClock, useTestDatabase } from '@mainstay/kernel/testing'
import { ledgerMigrations, TEST_PROJECT } from '../testing/ledger.ts'
import { createTokens } from './tokens.ts'

describe('the rate of an account', () => {
  const database = useTestDatabase({ sets: ledgerMigrations, db: { poolSize: 20 } })

  it('is not exceeded by a hundred parallel senders by more than one chunk, in any span of time', async () => {
    const accountId = newId()
    const perSecond = 50
    const sentMs: number[] = []
    const endMs = Date.now() + 3_000
    /** As a worker of its own: it knows nothing of the others but what the database says. */
    async function send(): Promise<void> {
      const tokens = createTokens(database.db, systemClock)
      while (Date.now() < endMs) {
        const untilMs = await tokens.take(TEST_PROJECT, accountId, perSecond, 5)
        if (untilMs === undefined) sentMs.push(performance.timeOrigin + performance.now())
        else await new Promise((done) => setTimeout(done, Math.max(1, Math.min(untilMs, endMs) - Date.now())))
      }
    }
    await Promise.all(Array.from({ length: 100 }, send))
    sentMs.sort((a, b) => a - b)
    assert.ok(sentMs.length > perSecond, `something is sent: ${sentMs.length}`)
    for (let first = 0; first < sentMs.length; first++) {
      for (let last = first; last < sentMs.length; last++) {
        const seconds = ((sentMs[last] ?? 0) - (sentMs[first] ?? 0)) / 1000
        const sent = last - first + 1
        assert.ok(sent <= perSecond * seconds + perSecond + 1, `${sent} within ${seconds} s`)
      }
    }
  })

  it('costs a worker at most one round trip a second', async () => {
    const clock = createFakeClock(Date.now())
    let asked = 0
    const counting: Executor = {
      query: (query) => {
        asked++
        return database.db.query(query)
      },
      kysely: () => database.db.kysely(),
    }
    const tokens = createTokens(counting, clock)
    const accountId = newId()
    for (let tenth = 0; tenth < 30; tenth++) {
      for (let i = 0; i < 50; i++) await tokens.take(TEST_PROJECT, accountId, 100, 50)
      clock.advance(100)
    }
    assert.ok(asked <= 3, `${asked} in 3 s`)
  })

  it('lets one worker have all of it, second after second', async () => {
    const clock = createFakeClock(Date.now())
    const tokens = createTokens(database.db, clock)
    const accountId = newId()
    let sent = 0
    for (let i = 0; i < 200; i++) {
      if ((await tokens.take(TEST_PROJECT, accountId, 20, 200)) === undefined) sent++
    }
    assert.equal(sent, 20)
  })

  it('asks once for all who need a token at the same time', async () => {
    const tokens = createTokens(database.db, systemClock)
    const accountId = newId()
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => tokens.take(TEST_PROJECT, accountId, 10, 30)),
    )
    assert.equal(answers.filter((answer) => answer === undefined).length, 10)
  })
})
