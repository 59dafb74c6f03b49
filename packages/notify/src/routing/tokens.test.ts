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
    /** When it was asked for each, and when it was there: it was given at some moment between. */
    const taken: { askedMs: number; givenMs: number }[] = []
    const endMs = Date.now() + 3_000
    /** As a worker of its own: it knows nothing of the others but what the database says. */
    async function send(): Promise<void> {
      const tokens = createTokens(database.db, systemClock)
      while (Date.now() < endMs) {
        const askedMs = performance.now()
        const untilMs = await tokens.take(TEST_PROJECT, accountId, perSecond, 5)
        if (untilMs === undefined) taken.push({ askedMs, givenMs: performance.now() })
        else await new Promise((done) => setTimeout(done, Math.max(1, Math.min(untilMs, endMs) - Date.now())))
      }
    }
    await Promise.all(Array.from({ length: 100 }, send))
    assert.ok(taken.length > perSecond, `something is sent: ${taken.length}`)
    const byEnd = taken.toSorted((a, b) => a.givenMs - b.givenMs)
    for (const { askedMs: fromMs } of taken) {
      const within = byEnd.filter(({ askedMs }) => askedMs >= fromMs)
      for (const [index, { givenMs }] of within.entries()) {
        const seconds = (givenMs - fromMs) / 1000
        assert.ok(index + 1 <= perSecond * seconds + perSecond + 1, `${index + 1} within ${seconds} s`)
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
    // A clock that stands still: however slow the answer, what was leased is good.
    const tokens = createTokens(database.db, createFakeClock(Date.now()))
    const accountId = newId()
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => tokens.take(TEST_PROJECT, accountId, 10, 30)),
    )
    assert.equal(answers.filter((answer) => answer === undefined).length, 10)
  })
})
