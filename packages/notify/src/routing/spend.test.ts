import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { useTestDatabase } from '@mainstay/kernel/testing'
import { walkIndexes } from '../deliver/batch-sql.ts'
import { ledgerMigrations, TEST_PROJECT } from '../testing/ledger.ts'
import { listCaps, upsertCap } from './cap-store.ts'
import { releaseSpend, reserveSpend, type Spend } from './spend-store.ts'

const SMS = 2

describe('spend caps', () => {
  const database = useTestDatabase({ sets: ledgerMigrations, db: { poolSize: 30 } })
  afterEach(() => database.db.query({ text: 'TRUNCATE notify.spend_caps, kernel.outbox' }))

  const cap = (channel: number, country: string, limitMicros: number) =>
    upsertCap(database.db, TEST_PROJECT, { channel, country, limitMicros }, new Date())
  const sms = (micros: number, country = 'DE'): Spend => ({
    projectId: TEST_PROJECT,
    channel: SMS,
    country,
    micros,
  })
  const reserve = (spends: readonly Spend[]) =>
    database.db.transaction((tx) => reserveSpend(tx, spends), walkIndexes)
  const release = (spends: readonly Spend[]) =>
    database.db.transaction((tx) => releaseSpend(tx, spends), walkIndexes)
  const spent = async (): Promise<number[]> =>
    (await listCaps(database.db, TEST_PROJECT)).map(({ spentMicros }) => spentMicros)
  async function alerts(): Promise<{ percent: number; channel: number; country: string }[]> {
    const { rows } = await database.db.query<{
      payload: { percent: number; channel: number; country: string }
    }>({
      text: `SELECT payload FROM kernel.outbox WHERE topic = 'notify.spend_alert' ORDER BY outbox.ctid`,
    })
    return rows.map(({ payload: { percent, channel, country } }) => ({ percent, channel, country }))
  }

  it('are never exceeded by a hundred parallel claims, and used to the last message', async () => {
    await cap(SMS, 'DE', 1_000)
    await cap(0, '', 1_500)
    const hits = await Promise.all(
      Array.from({ length: 100 }, () => reserve([sms(10), sms(10), sms(10), sms(10)])),
    )
    const refused = hits.flat().length
    assert.equal(400 - refused, 100, 'a hundred messages of 10 fit into 1,000')
    assert.deepEqual(await spent(), [1_000, 1_000])
  })

  it('are locked in one order, whatever order messages come in: no deadlock', async () => {
    for (const country of ['DE', 'FR', 'US', '']) {
      await cap(SMS, country, 1_000_000)
      await cap(0, country, 1_000_000)
    }
    const before = database.db.stats()
    const countries = ['DE', 'FR', 'US']
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => {
        const order = i % 2 === 0 ? countries : countries.toReversed()
        const spends = order.map((country) => sms(1, country))
        return i % 5 === 4 ? release(spends) : reserve(spends)
      }),
    )
    assert.equal(database.db.stats().retries, before.retries, 'nothing had to be tried again')
    const { rows } = await database.db.query<{ deadlocks: number }>({
      text: `SELECT deadlocks::int4 FROM pg_stat_database WHERE datname = current_database()`,
    })
    assert.equal(rows[0]?.deadlocks, 0)
  })

  it('name the cap that has no room, and take nothing of a message that does not fit into all of them', async () => {
    await cap(SMS, 'DE', 25)
    await cap(SMS, '', 100)
    const hits = await reserve([sms(20), sms(10), sms(10, 'FR')])
    assert.deepEqual(hits, [{ index: 1, channel: SMS, country: 'DE', limitMicros: 25 }])
    assert.deepEqual(await spent(), [30, 20], 'for all countries, then for Germany')
  })

  it('get back what was refused', async () => {
    await cap(SMS, 'DE', 20)
    assert.deepEqual(await reserve([sms(20)]), [])
    assert.equal((await reserve([sms(10)])).length, 1)
    await release([sms(10), sms(5)])
    assert.deepEqual(await spent(), [5])
    assert.deepEqual(await reserve([sms(15)]), [])
  })

  it('begin anew with the day, and keep of yesterday nothing', async () => {
    await cap(SMS, 'DE', 20)
    await reserve([sms(20)])
    await database.db.query({ text: `UPDATE notify.spend_caps SET day = day - 1` })
    assert.deepEqual(await spent(), [0])
    await release([sms(20)])
    assert.deepEqual(await reserve([sms(20)]), [])
    assert.deepEqual(await spent(), [20])
  })

  it('tell once a day when 80 and when 100 percent are spent', async () => {
    await cap(SMS, 'DE', 100)
    await reserve([sms(79)])
    assert.deepEqual(await alerts(), [])
    await reserve([sms(1)])
    await reserve([sms(1)])
    assert.deepEqual(await alerts(), [{ percent: 80, channel: SMS, country: 'DE' }])
    await reserve([sms(50)])
    await reserve([sms(50)])
    assert.deepEqual((await alerts()).at(-1), { percent: 100, channel: SMS, country: 'DE' })
    assert.equal((await alerts()).length, 2)
  })

  it('do not concern other channels, countries and projects', async () => {
    await cap(SMS, 'DE', 10)
    const hits = await reserve([
      sms(50, 'FR'),
      { ...sms(50), channel: 3 },
      { ...sms(50), projectId: '01980000-0000-7000-8000-000000000002' },
    ])
    assert.deepEqual(hits, [])
    assert.deepEqual(await spent(), [0])
  })
})
