import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLogger, minIdAt, newId } from '@mainstay/kernel'
import { createFakeClock, useTestDatabase } from '@mainstay/kernel/testing'
import { createWriter } from './accept/writer.ts'
import { type MaintenanceReport, maintainLedger, makePartitions, type PartitionDeps } from './partitions.ts'
import { draft } from './testing/drafts.ts'
import { ledgerMigrations } from './testing/ledger.ts'

const DAY_MS = 86_400_000
const PARENTS = ['notifications', 'messages', 'delivery_attempts', 'message_notes']

describe('the ledger’s partitions', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const clock = createFakeClock(Date.now())
  const deps = (settings: Partial<PartitionDeps['settings']> = {}): PartitionDeps => ({
    db: database.db,
    clock,
    logger: createLogger({ level: 'fatal' }),
    settings: { partitionDays: 7, retentionDays: 90, ...settings },
  })
  const partitionsOf = async (parent: string): Promise<string[]> => {
    const { rows } = await database.db.query<{ name: string }>({
      text: `SELECT inhrelid::regclass::text AS name FROM pg_inherits
             WHERE inhparent = ('notify.' || $1)::regclass ORDER BY 1`,
      values: [parent],
    })
    return rows.map((row) => row.name)
  }
  const accept = async (changes: Parameters<typeof draft>[0] = {}) => {
    const one = draft({
      notificationId: newId(clock),
      messageId: newId(clock),
      dedupeKey: newId(),
      ...changes,
    })
    const writer = createWriter({
      db: database.db,
      clock,
      batchSize: 10,
      queueSize: 10,
      idempotencyTtlMs: DAY_MS,
    })
    await writer.submit(one)
    return one
  }
  const count = async (table: string): Promise<number> => {
    const { rows } = await database.db.query<{ n: number }>({
      text: `SELECT count(*)::int4 AS n FROM ${table}`,
    })
    return rows[0]?.n ?? -1
  }

  it('are there for messages of now, of the past, and of the next four weeks', async () => {
    await makePartitions(deps())
    const before = await partitionsOf('messages')
    for (const days of [-10_000, -1, 0, 7, 27]) {
      const ms = clock.nowMs() + days * DAY_MS
      await accept({ notificationId: newIdAt(ms), messageId: newIdAt(ms) })
    }
    for (const parent of PARENTS) assert.equal((await partitionsOf(parent)).length, before.length)
    await database.db.query({
      text: 'TRUNCATE notify.messages, notify.notifications, notify.delivery_queue, notify.dedupe_keys',
    })
  })

  it('are made once, however many processes make them', async () => {
    clock.advance(30 * DAY_MS)
    const made = await Promise.all(
      Array.from({ length: 8 }, () => makePartitions({ ...deps(), db: database.openDb() })),
    )
    assert.equal(made.filter((spans) => spans > 0).length, 1)
    assert.equal(await makePartitions(deps()), 0)
  })

  it('carry every index, and the room for updates in place', async () => {
    const { rows } = await database.db.query<{ options: string[] | null; indexes: number }>({
      text: `SELECT c.reloptions AS options, (SELECT count(*)::int4 FROM pg_index x WHERE x.indrelid = c.oid) AS indexes
             FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'notify.messages'::regclass`,
    })
    const parent = await database.db.query<{ n: number }>({
      text: `SELECT count(*)::int4 AS n FROM pg_index WHERE indrelid = 'notify.messages'::regclass`,
    })
    for (const { options, indexes } of rows) {
      assert.deepEqual(options, ['fillfactor=50'])
      assert.equal(indexes, parent.rows[0]?.n)
    }
  })

  it('are dropped with all that belongs to them when their time is up, while messages go on coming', async () => {
    await makePartitions(deps())
    const old = await accept()
    await database.db.query({ text: 'DELETE FROM notify.delivery_queue' })
    clock.advance(60 * DAY_MS)
    await makePartitions(deps())
    const kept = await accept()
    await database.db.query({ text: 'DELETE FROM notify.delivery_queue' })
    clock.advance(45 * DAY_MS)
    await makePartitions(deps())
    const coming = (async () => {
      for (let n = 0; n < 50; n++) await accept()
    })()
    const reports: MaintenanceReport[] = await Promise.all([
      maintainLedger(deps()),
      maintainLedger({ ...deps(), db: database.openDb() }),
    ])
    await coming
    assert.ok(reports.some((report) => report.dropped > 0))
    assert.equal(await count('notify.messages'), 51)
    assert.equal(await count('notify.notifications'), 51)
    const { rows } = await database.db.query<{ dedupe_key: string }>({
      text: 'SELECT dedupe_key FROM notify.dedupe_keys WHERE dedupe_key = ANY ($1)',
      values: [[old.dedupeKey, kept.dedupeKey]],
    })
    assert.deepEqual(rows, [{ dedupe_key: kept.dedupeKey }])
    for (const parent of PARENTS) {
      assert.equal((await partitionsOf(parent)).length, await count('notify.partitions'))
    }
  })

  it('wait for a message that is still to be sent', async () => {
    const scheduled = await accept({ sendMs: clock.nowMs() + 300 * DAY_MS })
    clock.advance(120 * DAY_MS)
    assert.ok((await maintainLedger(deps())).held >= 1)
    const found = await database.db.query({
      text: `SELECT FROM notify.notifications n JOIN notify.messages m USING (project_id, notification_id)
             WHERE m.message_id = $1`,
      values: [scheduled.messageId],
    })
    assert.equal(found.rowCount, 1)
    await database.db.query({ text: 'DELETE FROM notify.delivery_queue' })
    assert.deepEqual((await maintainLedger(deps())).held, 0)
    assert.equal(await count('notify.messages'), 0)
  })

  it('are dropped by the next run when one was stopped between detaching and dropping', async () => {
    await makePartitions(deps())
    const { rows } = await database.db.query<{ suffix: string }>({
      text: 'SELECT suffix FROM notify.partitions ORDER BY end_time LIMIT 1',
    })
    const suffix = rows[0]?.suffix ?? ''
    await database.db.query({
      text: `ALTER TABLE notify.messages DETACH PARTITION notify.messages_${suffix} CONCURRENTLY`,
    })
    clock.advance(120 * DAY_MS)
    assert.ok((await maintainLedger(deps())).dropped >= 1)
    const left = await database.db.query({
      text: `SELECT FROM pg_class WHERE relname = 'messages_${suffix}'`,
    })
    assert.equal(left.rowCount, 0)
  })
})

function newIdAt(ms: number): string {
  return `${minIdAt(Math.max(0, ms)).slice(0, 14)}${newId().slice(14)}`
}
