import type { Executor } from '../db/index.ts'

/**
 * How far a shard has read.
 *
 * The trap: numbers from a sequence are given out in one order and committed in another. A reader that remembers "the
 * last number I saw" skips the row of a transaction that took an earlier number and commits later. The usual cure, to
 * read only rows of transactions older than the oldest one running, never skips, but a single long transaction anywhere
 * on the server (an import, an index build) then holds back every event of everybody. And ordering by transaction id is
 * not the order in which things happened: a transaction gets its id at its first write, maybe long before it changes
 * the row that another transaction has changed meanwhile.
 *
 * So a cursor remembers a *snapshot*, as PgQ's ticks do (Skytools, 2007): exactly which transactions it has seen.
 * Unread is what the snapshot could not see, that is
 *   - rows of transactions that began after it (`xid >= pg_snapshot_xmax(done)`), and
 *   - rows of transactions that were running when it was taken (`xid = ANY (pg_snapshot_xip(done))`),
 * of which a reader is shown the committed ones by PostgreSQL itself. Nothing is skipped however long a transaction
 * takes, and nobody waits for it but its own events.
 *
 * Order: by position within a batch, and batches follow each other as snapshots do. Two transactions that change one
 * thing are serialised by its row lock: the second takes its position after the first has committed. It therefore has
 * the larger one, and is in the same batch as the first or in a later one. (Causes come before effects, per key.)
 *
 * Backlogs: a batch larger than a page is pinned to the snapshot in `batch` and paged by position, `afterSeq`.
 *
 * Cost: `floor` keeps a read from walking over what was read before. It is the sequence's last value from *before* the
 * snapshot was taken. A row of a later transaction has a larger position, because the table's default takes the position
 * only once the transaction has its id (migration 0001).
 */
export interface Cursor {
  readonly done: string
  readonly floor: bigint
  readonly batch: string | null
  readonly batchFloor: bigint | null
  readonly afterSeq: bigint
}

/** An event as it lies in the outbox, or in a shard's retries. */
export interface StoredEvent {
  seq: bigint
  id: string
  topic: string
  key: string | null
  payload: unknown
  trace: string | null
}

export interface Page {
  events: StoredEvent[]
  /** Where the shard stands once these are done. */
  next: Cursor
  /** The last position given out when this page was read: the floor for the snapshot of the next one. */
  position: bigint
  /** True when there may be more at once. */
  full: boolean
}

export interface Feed {
  topics: readonly string[]
  shard: number
  shards: number
  limit: number
}

/** Reads up to `limit` unread events. `position` is what the page before returned. */
export async function readPage(
  executor: Executor,
  cursor: Cursor,
  position: bigint,
  { topics, shard, shards, limit }: Feed,
): Promise<Page> {
  const { rows } = await executor.query<PageRow>({
    name: 'events.read_page',
    text: READ_PAGE,
    values: [cursor.afterSeq, cursor.floor, cursor.done, cursor.batch, topics, shards, shard, limit],
  })
  const head = rows[0]
  if (head === undefined) throw new Error('Reading the outbox returned no row')
  const events = rows.filter((row): row is PageRow & StoredEvent => row.seq !== null)
  const snapshot = cursor.batch ?? head.snapshot
  const floor = cursor.batchFloor ?? position
  const last = events.at(-1)
  const full = events.length === limit && last !== undefined
  const next: Cursor = full
    ? { done: cursor.done, floor: cursor.floor, batch: snapshot, batchFloor: floor, afterSeq: last.seq }
    : { done: snapshot, floor, batch: null, batchFloor: null, afterSeq: 0n }
  return { events, next, position: head.position, full }
}

/** True when the snapshot leaves transactions to come back for. */
export function hasOpenTransactions(snapshot: string): boolean {
  return !snapshot.endsWith(':')
}

interface PageRow extends Omit<StoredEvent, 'seq'> {
  snapshot: string
  position: bigint
  seq: bigint | null
}

const EVENT = 'seq, id, topic, key, payload, trace'
const WANTED = `seq > $1 AND topic = ANY ($5)
  AND ($4::pg_snapshot IS NULL OR pg_visible_in_snapshot(xid, $4))
  AND ($6::int = 1 OR kernel.event_shard(coalesce(key, id::text), $6) = $7)`

const READ_PAGE = `
  SELECT head.snapshot, head.position, page.*
  FROM (SELECT pg_current_snapshot()::text AS snapshot, last_value AS position FROM kernel.outbox_seq) AS head
  LEFT JOIN (
    (SELECT ${EVENT} FROM kernel.outbox
     WHERE seq > $2 AND xid >= pg_snapshot_xmax($3::pg_snapshot) AND ${WANTED}
     ORDER BY seq LIMIT $8)
    UNION ALL
    (SELECT ${EVENT} FROM kernel.outbox
     WHERE xid = ANY (ARRAY(SELECT pg_snapshot_xip($3::pg_snapshot))) AND ${WANTED}
     ORDER BY seq LIMIT $8)
    ORDER BY seq LIMIT $8
  ) AS page ON true
  ORDER BY page.seq`
