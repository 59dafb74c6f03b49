import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { newId, systemClock } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import { ledgerMigrations, queueMessages, TEST_PROJECT } from '../testing/ledger.ts'
import { measureRates } from './measure.ts'
import { insertConversion, listMeasured } from './rates-store.ts'

describe('measured rates', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const accountId = newId()

  /** A text message that an account accepted. */
  async function sent(message: {
    to: string
    minutesAgo: number
    state?: 5 | 6 | 7
    code?: boolean
  }): Promise<string> {
    const { to, minutesAgo, state = 5, code = false } = message
    const [id = ''] = await queueMessages(database.db, [{ to, lane: code ? 1 : 2 }])
    await database.db.query({
      text: `UPDATE notify.messages SET channel = 2, state = $2, attempt_count = 1, provider_account_id = $3
        WHERE message_id = $1`,
      values: [id, state, accountId],
    })
    await database.db.query({
      text: `INSERT INTO notify.delivery_attempts
          (project_id, message_id, attempt, provider_account_id, start_time, end_time, outcome)
        VALUES ($1, $2, 1, $3, now() - make_interval(mins => $4), now() - make_interval(mins => $4), 3)`,
      values: [TEST_PROJECT, id, accountId, minutesAgo],
    })
    return id
  }

  it('are delivered ÷ accepted by account and country, conversions among the codes, from the ledger alone', async () => {
    await sent({ to: '+491701234567', minutesAgo: 20, state: 6 })
    await sent({ to: '+491701234568', minutesAgo: 20, state: 7 })
    await sent({ to: '+491701234569', minutesAgo: 20 })
    await sent({ to: '+491701234560', minutesAgo: 1 })
    await sent({ to: '+14165550123', minutesAgo: 20, state: 6 })
    await sent({ to: '+12025550123', minutesAgo: 1, state: 6 })
    const used = await sent({ to: '+33612345678', minutesAgo: 10, code: true })
    await sent({ to: '+33612345679', minutesAgo: 10, code: true })
    await insertConversion(database.db, TEST_PROJECT, used)
    await insertConversion(database.db, TEST_PROJECT, used)
    // Again and again, and by several at once: it counts nothing twice.
    await measureRates(database.db, systemClock)
    await Promise.all(Array.from({ length: 5 }, () => measureRates(database.db, systemClock)))
    const measured = await listMeasured(database.db, TEST_PROJECT)
    const by = Object.fromEntries(
      measured.map(({ country, accepted, delivered, codes, converted }) => [
        country,
        [accepted, delivered, codes, converted],
      ]),
    )
    assert.deepEqual(by, {
      DE: [3, 1, 0, 0],
      CA: [1, 1, 0, 0],
      US: [1, 1, 0, 0],
      FR: [2, 0, 2, 1],
    })
  })
})
