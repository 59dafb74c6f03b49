import type { Clock, Db, DbLog, QueryResult } from '@mainstay/kernel'

export interface PartitionDeps {
  db: Pick<Db, 'pool' | 'query'>
  clock: Clock
  logger: DbLog
  settings: { readonly partitionDays: number; readonly retentionDays: number }
}

export interface MaintenanceReport {
  /** Spans of time that got partitions. */
  made: number
  /** Spans whose partitions were dropped. */
  dropped: number
  /** Spans past their retention that hold a message still to be sent. */
  held: number
}

const DAY_MS = 86_400_000

/** How far ahead partitions are made: an installation may run this long without its maintenance before it stops. */
const AHEAD_DAYS = 28

/** Makes the partitions of the days to come. Cheap when there is nothing to do; call it before anything is accepted. */
export async function makePartitions({ db, clock, settings }: PartitionDeps): Promise<number> {
  const until = new Date(clock.nowMs() + AHEAD_DAYS * DAY_MS)
  const { rows } = await db.query<{ made: number }>({
    text: 'SELECT notify.ensure_partitions($1, $2) AS made',
    values: [until, settings.partitionDays],
  })
  return rows[0]?.made ?? 0
}

/**
 * Makes partitions ahead and drops those past their retention, with their dedupe keys; deletes old rows of the change
 * feed. For a job, every ten minutes or so; of several processes that try at once, one works.
 *
 * A partition that holds a message still to be sent stays until that has ended.
 */
export async function maintainLedger(deps: PartitionDeps): Promise<MaintenanceReport> {
  const made = await makePartitions(deps)
  const { db, clock, logger, settings } = deps
  // Rows outlive the resume tokens that may need them (watch/position.ts) by five minutes.
  await db.query({ text: `DELETE FROM notify.message_changes WHERE change_time < now() - interval '1 hour'` })
  const client = await db.pool.connect()
  try {
    const run = async (
      text: string,
      values: unknown[] = [],
    ): Promise<QueryResult<Record<string, unknown>>> => {
      const { rows, rowCount } = await client.query(text, values)
      return { rows, rowCount: rowCount ?? 0 }
    }
    const lock = await run(`SELECT pg_try_advisory_lock(hashtext('notify.maintain')) AS mine`)
    if (lock.rows[0]?.mine !== true) return { made, dropped: 0, held: 0 }
    try {
      const before = new Date(clock.nowMs() - settings.retentionDays * DAY_MS)
      const report = { made, ...(await dropOld(run, before)) }
      if (report.dropped > 0) logger.info(report, 'old messages were dropped from the ledger')
      return report
    } finally {
      await run(`SELECT pg_advisory_unlock(hashtext('notify.maintain'))`)
    }
  } finally {
    // A connection that broke meanwhile takes its lock with it; the pool throws it away by itself.
    client.release()
  }
}

type Run = (text: string, values?: unknown[]) => Promise<QueryResult<Record<string, unknown>>>

const PARENTS = ['message_notes', 'delivery_attempts', 'messages', 'notifications'] as const

/** A notification may lie a moment before its message, and so at the end of the span before: hence the minute. */
async function dropOld(run: Run, before: Date): Promise<{ dropped: number; held: number }> {
  const { rows } = await run(
    `WITH span AS (
       SELECT suffix, end_time,
         CASE WHEN start_time = '-infinity' THEN $2::uuid ELSE notify.min_id_at(start_time) END AS start_id,
         notify.min_id_at(end_time) AS end_id, notify.min_id_at(end_time + interval '1 minute') AS last_id
       FROM notify.partitions WHERE end_time <= $1
     )
     SELECT suffix, start_id, end_id, EXISTS (
       SELECT FROM notify.delivery_queue WHERE message_id >= start_id AND message_id < last_id) AS held
     FROM span ORDER BY end_time`,
    [before, '00000000-0000-0000-0000-000000000000'],
  )
  const free = rows.filter((row) => row.held !== true)
  for (const { suffix, start_id, end_id } of free) {
    for (const parent of PARENTS) await dropPartition(run, parent, `${parent}_${String(suffix)}`)
    await deleteDedupeKeys(run, String(start_id), String(end_id))
    await run('DELETE FROM notify.partitions WHERE suffix = $1', [suffix])
  }
  return { dropped: free.length, held: rows.length - free.length }
}

/**
 * Detached first, and concurrently, so that nobody who reads or writes the table waits; each step finds what an
 * interrupted run left. Names come from notify.partitions, which only `ensure_partitions` writes.
 */
async function dropPartition(run: Run, parent: string, partition: string): Promise<void> {
  const { rows } = await run(
    `SELECT i.inhdetachpending AS pending FROM pg_inherits i
     WHERE i.inhrelid = to_regclass($1) AND i.inhparent = to_regclass($2)`,
    [`notify.${partition}`, `notify.${parent}`],
  )
  if (rows.length > 0) {
    const how = rows[0]?.pending === true ? 'FINALIZE' : 'CONCURRENTLY'
    await run(`ALTER TABLE notify.${parent} DETACH PARTITION notify.${partition} ${how}`)
  }
  await run(`DROP TABLE IF EXISTS notify.${partition}`)
}

/** In small commits, found by the BRIN index: nobody waits, and a stop in between loses nothing. */
async function deleteDedupeKeys(run: Run, startId: string, endId: string): Promise<void> {
  for (;;) {
    const { rowCount } = await run(
      `DELETE FROM notify.dedupe_keys WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM notify.dedupe_keys WHERE notification_id >= $1 AND notification_id < $2 LIMIT 10000))`,
      [startId, endId],
    )
    if (rowCount < 10_000) return
  }
}
