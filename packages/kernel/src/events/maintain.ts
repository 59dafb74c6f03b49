import { type Db, sqlState } from '../db/index.ts'
import type { Logger } from '../telemetry/index.ts'

export interface MaintainOptions {
  db: Db
  logger: Logger
  /** How long events are kept at least, whoever has read them. */
  retentionMs: number
  /** For tests. Default: the database's clock. */
  now?: Date
}

export interface MaintainReport {
  made: number
  dropped: string[]
  /** Groups that keep partitions from being dropped. */
  behind: string[]
}

/**
 * Makes the outbox's partitions of the days ahead and drops those that are older than the retention and that every group
 * has read. Whole days at a time: dropping a file costs nothing, deleting rows costs a vacuum each.
 *
 * Safe to call in any number of processes at any time; once an hour is plenty. A drop needs the table for itself for a
 * moment: it steps aside after 200 ms when publishers are busy, and the next call tries again.
 */
export async function maintainOutbox({
  db,
  logger,
  retentionMs,
  now,
}: MaintainOptions): Promise<MaintainReport> {
  const report: MaintainReport = { made: 0, dropped: [], behind: [] }
  for (const table of ['kernel.outbox', 'kernel.event_receipts']) {
    const { rows } = await db.query<{ made: number }>({
      text: `SELECT kernel.create_day_partitions($1, at, at + interval '3 days') AS made
             FROM (SELECT coalesce($2::timestamptz, now()) AS at) AS clock`,
      values: [table, now],
    })
    report.made += rows[0]?.made ?? 0
  }
  await db.query({ text: `DELETE FROM kernel.event_members WHERE alive_until < now() - interval '1 hour'` })
  for (const { partition, outbox } of await listExpired(db, retentionMs, now)) {
    const behind = outbox ? await listGroupsBehind(db, partition) : []
    if (behind.length > 0) {
      report.behind.push(...behind.filter((group) => !report.behind.includes(group)))
    } else if (await drop(db, partition)) {
      report.dropped.push(partition)
    }
  }
  if (report.behind.length > 0) {
    logger.warn(
      { groups: report.behind },
      'consumer groups have not read events older than the retention: they keep the outbox from being emptied. ' +
        'Start their consumers, or remove the groups if they are gone for good',
    )
  }
  return report
}

/** Receipts are kept twice as long as events, so that a redelivery always meets its receipt. */
async function listExpired(
  db: Db,
  retentionMs: number,
  now: Date | undefined,
): Promise<{ partition: string; outbox: boolean }[]> {
  const { rows } = await db.query<{ partition: string; outbox: boolean }>({
    text: `SELECT format('%I.%I', n.nspname, c.relname) AS partition, p.relname = 'outbox' AS outbox
           FROM pg_inherits i
           JOIN pg_class c ON c.oid = i.inhrelid
           JOIN pg_class p ON p.oid = i.inhparent
           JOIN pg_namespace n ON n.oid = p.relnamespace
           WHERE n.nspname = 'kernel' AND p.relname IN ('outbox', 'event_receipts') AND c.relname ~ '_\\d{8}$'
             AND ((right(c.relname, 8)::date + 1)::timestamp AT TIME ZONE 'UTC')
                 <= coalesce($2::timestamptz, now())
                    - $1 * interval '1 millisecond' * CASE WHEN p.relname = 'outbox' THEN 1 ELSE 2 END
           ORDER BY c.relname`,
    values: [retentionMs, now],
  })
  return rows
}

/** The groups with something unread in a partition. What unread means: feed.ts. */
async function listGroupsBehind(db: Db, partition: string): Promise<string[]> {
  const { rows } = await db.query<{ group: string }>({
    text: `SELECT DISTINCT c.group_name AS "group" FROM kernel.event_cursors c
           WHERE EXISTS (SELECT FROM ${partition} WHERE xid >= pg_snapshot_xmax(c.done))
              OR EXISTS (SELECT FROM ${partition} WHERE xid = ANY (ARRAY(SELECT pg_snapshot_xip(c.done))))`,
  })
  return rows.map(({ group }) => group)
}

async function drop(db: Db, partition: string): Promise<boolean> {
  try {
    await db.transaction(async (tx) => {
      await tx.query({ text: `SET LOCAL lock_timeout = '200ms'` })
      await tx.query({ text: `DROP TABLE ${partition}` })
    })
    return true
  } catch (error) {
    const state = sqlState(error)
    // 55P03: publishers are busy, next time. 42P01: another process has just dropped it.
    if (state === '55P03' || state === '42P01') return false
    throw error
  }
}
