import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { minIdAt, newId, systemClock, type Tx } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import { insertBatch } from '../accept/store.ts'
import { walkIndexes } from '../deliver/batch-sql.ts'
import { suppressKnown } from '../suppressions/from-events.ts'
import { draft } from '../testing/drafts.ts'
import { ledgerMigrations, TEST_PROJECT } from '../testing/ledger.ts'
import { settleEvents } from './settle.ts'

const ACCOUNT = '01980000-0000-7000-8000-0000000000a1'
const MESSAGES = 3000
const BOUNCED = 4

/** Rows of the ledger's large tables that this connection has read and not yet reported. */
async function countRead(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ count: number }>({
    text: `SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int4 AS count
      FROM pg_stat_xact_user_tables
      WHERE schemaname = 'notify' AND relname ~ '^(messages|delivery_attempts|delivery_queue)'`,
  })
  return rows[0]?.count ?? Number.NaN
}

describe('a report', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })

  it('reads the rows of its own message, however many there are', async () => {
    const { db } = database
    const drafts = Array.from({ length: MESSAGES }, () => draft())
    await insertBatch(db, drafts, Date.now() + 60_000)
    await db.query({
      text: `INSERT INTO notify.delivery_attempts (project_id, message_id, attempt, provider_account_id, start_time, end_time,
          outcome, provider_message_id)
        SELECT project_id, message_id, 1, $1, now(), now(), 3, 'sm-' || message_id FROM notify.messages`,
      values: [ACCOUNT],
    })
    await db.query({ text: 'ANALYZE notify.messages, notify.delivery_attempts, notify.delivery_queue' })
    const { messageId = '' } = drafts[MESSAGES / 2] ?? {}
    const eventId = 'evt-1'
    await db.query({
      text: `INSERT INTO notify.provider_events (project_id, report_id, provider_account_id, event_id, kind, event_time,
          receive_time, provider_message_id, detail)
        VALUES ($1, $2, $3, $4, ${BOUNCED}, now(), now(), 'sm-' || $5::text, 'no such mailbox')`,
      values: [TEST_PROJECT, minIdAt(Date.now()), ACCOUNT, eventId, messageId],
    })
    const read = await db.transaction(async (tx) => {
      const before = await countRead(tx)
      const key = { projectId: TEST_PROJECT, accountId: ACCOUNT, eventId }
      const [settled] = await settleEvents(tx, [key], [newId()], new Date())
      assert.deepEqual(settled, { index: 0, messageId, waits: false, moved: true })
      await suppressKnown(tx, [{ ...key, kind: BOUNCED, detail: '', messageId }], systemClock)
      return (await countRead(tx)) - before
    }, walkIndexes)
    assert.ok(read > 0 && read < 50, `${read} rows were read`)
  })
})
