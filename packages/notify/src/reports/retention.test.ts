import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLogger, minIdAt, systemClock } from '@mainstay/kernel'
import { useTestDatabase, waitFor } from '@mainstay/kernel/testing'
import { ledgerMigrations, TEST_PROJECT } from '../testing/ledger.ts'
import { deleteOldReports } from './retention.ts'
import { createSettler } from './settler.ts'

const DAY_MS = 86_400_000
const ACCOUNT = '01980000-0000-7000-8000-0000000000a1'

describe('reports that are no longer needed', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })

  async function keep(eventId: string, ageMs: number): Promise<void> {
    const receivedMs = Date.now() - ageMs
    await database.db.query({
      text: `WITH report AS (
          INSERT INTO notify.provider_reports VALUES ($1, $2, $3, 'body'))
        INSERT INTO notify.provider_events (project_id, report_id, provider_account_id, event_id, kind, event_time,
          receive_time, provider_message_id, detail, wait_time)
        VALUES ($1, $2, $3, $4, 3, to_timestamp($5), to_timestamp($5), $4, '', to_timestamp($5))`,
      values: [TEST_PROJECT, minIdAt(receivedMs), ACCOUNT, eventId, receivedMs / 1000],
    })
  }

  const read = async (text: string) =>
    (await database.db.query<{ found: string }>({ text })).rows.map(({ found }) => found)

  test('go: bodies after their days, events with the messages, ended suppressions after a day', async () => {
    for (const [name, days] of [
      ['new', 0],
      ['week', 8],
      ['old', 91],
    ] as const)
      await keep(name, days * DAY_MS)
    await database.db.query({
      text: `INSERT INTO notify.suppressions
        SELECT $1, true, 1, name, 4, gen_random_uuid(), name, '', 'key_test', NULL, NULL, now(), now() + since
        FROM (VALUES ('ended', interval '-2 days'), ('holds', interval '1 day'), ('for good', NULL)) AS s (name, since)`,
      values: [TEST_PROJECT],
    })
    const { db } = database
    await deleteOldReports({ db, clock: systemClock, settings: { reportDays: 7, retentionDays: 90 } })
    assert.equal((await read('SELECT report_id::text AS found FROM notify.provider_reports')).length, 1)
    const events = await read('SELECT event_id AS found FROM notify.provider_events ORDER BY report_id DESC')
    assert.deepEqual(events, ['new', 'week'])
    const suppressions = await read('SELECT address AS found FROM notify.suppressions ORDER BY address')
    assert.deepEqual(suppressions, ['for good', 'holds'])
  })

  test('and events that no message was found for are waited for no longer than five minutes', async () => {
    await keep('stranger', 6 * 60_000)
    await keep('young', 0)
    const settler = createSettler({
      db: database.db,
      clock: systemClock,
      logger: createLogger({ level: 'fatal' }),
      onChanged: () => assert.fail('nothing changes'),
    })
    settler.start()
    const waiting = `SELECT event_id AS found FROM notify.provider_events WHERE wait_time IS NOT NULL`
    await waitFor(async () => !(await read(waiting)).includes('stranger'))
    await settler.stop()
    assert.ok((await read(waiting)).includes('young'))
  })
})
