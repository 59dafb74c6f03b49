import type { Executor } from '@mainstay/kernel'
import { formatSnapshot, type Position, parseSnapshot, type Snapshot, seenBelow } from './position.ts'

/** What one look at the feed found. */
export interface FeedPage {
  /** uuids of the messages that changed, each once, in the order of their first change here. */
  messageIds: string[]
  /** Where the reader is once it has handed these on. */
  position: Position
  /** There is more to read at once. */
  more: boolean
  /** The database's time. */
  nowMs: number
}

/** Feed rows per look: at most 500 messages each. */
const PAGE_ROWS = 100

/** Where the feed stands now: everything committed so far counts as seen. */
export async function currentPosition(executor: Executor): Promise<Position> {
  const { rows } = await executor.query<{ snapshot: string; time_ms: number }>({
    name: 'notify.watch.now',
    text: `SELECT pg_current_snapshot()::text AS snapshot,
             (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS time_ms`,
  })
  const [row] = rows
  return { snapshot: toSnapshot(row?.snapshot), timeMs: row?.time_ms ?? 0 }
}

/**
 * The changes of a project that a position has not seen, in the order of their transactions.
 *
 * A row is new when its transaction is visible now and was not to the position's snapshot: no clock and no sequence
 * takes part, so that a transaction that commits late is found late, not lost. A full page ends between two
 * transactions (WITH TIES), which makes the place after it a snapshot as well.
 */
export async function readChanges(executor: Executor, projectId: string, from: Position): Promise<FeedPage> {
  const { rows } = await executor.query<{
    snapshot: string
    time_ms: number
    change_xid: string | null
    change_ms: number
    message_ids: string[]
  }>({
    text: `
      SELECT now.snapshot::text, now.time_ms, page.change_xid, page.change_ms, page.message_ids
      FROM (SELECT pg_current_snapshot() AS snapshot,
        (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS time_ms) AS now
      LEFT JOIN LATERAL (
        SELECT change_xid, (extract(epoch FROM change_time) * 1000)::float8 AS change_ms, message_ids
        FROM notify.message_changes
        WHERE project_id = $1 AND change_xid >= pg_snapshot_xmin($2::pg_snapshot)
          AND NOT pg_visible_in_snapshot(change_xid, $2::pg_snapshot)
        ORDER BY change_xid FETCH FIRST ${PAGE_ROWS} ROWS WITH TIES
      ) AS page ON true
      ORDER BY page.change_xid`,
    values: [projectId, formatSnapshot(from.snapshot)],
  })
  const [first] = rows
  const now = { snapshot: toSnapshot(first?.snapshot), timeMs: first?.time_ms ?? 0 }
  const changes = rows.filter((row) => row.change_xid !== null)
  const messageIds = [...new Set(changes.flatMap((row) => row.message_ids))]
  const last = changes.at(-1)
  if (changes.length < PAGE_ROWS || last?.change_xid == null) {
    return { messageIds, position: now, more: false, nowMs: now.timeMs }
  }
  const snapshot = seenBelow(now.snapshot, BigInt(last.change_xid) + 1n)
  const timeMs = Math.min(now.timeMs, last.change_ms)
  return { messageIds, position: { snapshot, timeMs }, more: true, nowMs: now.timeMs }
}

function toSnapshot(text: string | undefined): Snapshot {
  const snapshot = parseSnapshot(text ?? '')
  if (snapshot === undefined) throw new TypeError('The database gave no snapshot')
  return snapshot
}
