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
 *   - rows of transactions that began after it, or so shortly before that none newer had ended (`xid >= xmax`), and
 *   - rows of the other transactions that were running when it was taken (`xid = ANY (xip)`),
 * of which a reader is shown the committed ones by PostgreSQL itself. Nothing is skipped however long a transaction
 * takes, and nobody waits for it but its own events.
 *
 * Order: by position within a batch, and batches follow each other as snapshots do. Two transactions that change one
 * thing are serialised by its row lock: the second takes its position after the first has committed. It therefore has
 * the larger one, and is in the same batch as the first or in a later one. (Causes come before effects, per key.)
 *
 * Backlogs: what does not fit a page is pinned to the snapshot in `batch` and paged by position, from `afterSeq` on.
 *
 * Cost: the first page is found by transaction, so it reads what is new and nothing else; the pages after it by
 * position. It would be tempting to search from a position downwards of which "everything is read". There is no such
 * position: a transaction may have taken one and still have an id at or above `xmax`, which is one more than the newest
 * transaction that *ended* (GetSnapshotData), not the newest that began. An earlier version of this file lost events so.
 */
export interface Cursor {
  readonly done: string
  readonly batch: string | null
  readonly afterSeq: bigint
  /** The last position given out at the time: for lag, retention and `adoptOutbox`, never for what to read. */
  readonly position: bigint
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
  /** The snapshot of the batch this page belongs to. */
  snapshot: string
  /** True when the batch goes on after this page. */
  full: boolean
}

export interface Feed {
  topics: readonly string[]
  shard: number
  shards: number
  limit: number
}

/** Reads up to `limit` events that are not done, in order. */
export async function readPage(executor: Executor, cursor: Cursor, feed: Feed): Promise<Page> {
  const { topics, shard, shards, limit } = feed
  const { done, batch, afterSeq } = cursor
  const { rows } = await executor.query<PageRow>(
    batch === null
      ? { ...firstPage(done), values: [done, topics, shards, shard, limit] }
      : { ...NEXT_PAGE, values: [done, topics, shards, shard, limit, batch, afterSeq] },
  )
  const head = rows[0]
  if (head === undefined) throw new Error('Reading the outbox returned no row')
  const events = rows.filter((row): row is PageRow & StoredEvent => row.seq !== null)
  const snapshot = batch ?? head.snapshot
  const { position } = head
  const last = events.at(-1)
  const full = events.length === limit && last !== undefined
  const next: Cursor = full
    ? { done, batch: snapshot, afterSeq: last.seq, position }
    : { done: snapshot, batch: null, afterSeq: 0n, position }
  return { events, next, snapshot, full }
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
const MINE = `topic = ANY ($2) AND ($3::int = 1 OR kernel.event_shard(coalesce(key, id::text), $3) = $4)`
const RUNNING = 'ARRAY(SELECT pg_snapshot_xip($1::pg_snapshot))'

const select = (page: string): string => `
  SELECT head.snapshot, head.position, page.*
  FROM (SELECT pg_current_snapshot()::text AS snapshot, last_value AS position FROM kernel.outbox_seq) AS head
  LEFT JOIN (${page}) AS page ON true
  ORDER BY page.seq`

/** `0 + seq` keeps the planner from walking the index by position, through all that was read long ago. */
const LATER = `
  SELECT ${EVENT} FROM kernel.outbox WHERE xid >= pg_snapshot_xmax($1::pg_snapshot) AND ${MINE}
  ORDER BY 0 + seq LIMIT $5`

const RUNNING_THEN = `
  SELECT ${EVENT} FROM kernel.outbox WHERE xid = ANY (${RUNNING}) AND ${MINE} ORDER BY 0 + seq LIMIT $5`

const FIRST_PAGE = { name: 'events.first_page', text: select(LATER) }
const FIRST_PAGE_AND_RUNNING = {
  name: 'events.first_page_and_running',
  text: select(`(${LATER}) UNION ALL (${RUNNING_THEN}) ORDER BY seq LIMIT $5`),
}
const firstPage = (done: string) => (hasOpenTransactions(done) ? FIRST_PAGE_AND_RUNNING : FIRST_PAGE)

const NEXT_PAGE = {
  name: 'events.next_page',
  text: select(`
    SELECT ${EVENT} FROM kernel.outbox
    WHERE seq > $7 AND (xid >= pg_snapshot_xmax($1::pg_snapshot) OR xid = ANY (${RUNNING}))
      AND pg_visible_in_snapshot(xid, $6::pg_snapshot) AND ${MINE}
    ORDER BY seq LIMIT $5`),
}
