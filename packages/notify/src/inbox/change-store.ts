import type { Executor } from '@mainstay/kernel'
import type { InboxKey } from './key.ts'
import { type Counts, keyValues } from './store.ts'

/** Everything that came in up to a time was marked. */
export interface Sweep {
  /** Of the contract. */
  action: number
  untilMs: number
  category: string
  groupKey: string
}

/** What changed in an inbox after a change that was seen, and how it stands now. */
export interface ChangePage extends Counts {
  /** The last change of this page. */
  changeSeq: bigint
  /** There is more to read at once. */
  more: boolean
  /** Each once, in the order of their first change here. */
  itemIds: string[]
  sweeps: (Sweep & { timeMs: number })[]
}

/** Rows per look: each is a commit, of one item or of hundreds. */
const PAGE_ROWS = 100

/**
 * Reads on after a change. The numbers of one inbox are in the order of its commits (see migrations/0016_inbox.sql), so that
 * what is found here is complete up to its last number. Changes and counts are of one snapshot.
 */
export async function readChanges(executor: Executor, key: InboxKey, afterSeq: bigint): Promise<ChangePage> {
  const { rows } = await executor.query<{
    lastSeq: bigint
    unread: number
    unseen: number
    current: number
    seq: bigint | null
    timeMs: number
    itemIds: string[]
    sweep: Sweep | null
  }>({
    name: 'notify.inbox.changes',
    text: `
      SELECT b.change_seq AS "lastSeq", b.unread_count AS unread, b.unseen_count AS unseen, b.current_count AS current,
        c.change_seq AS seq, (extract(epoch FROM c.change_time) * 1000)::float8 AS "timeMs", c.item_ids AS "itemIds", c.sweep
      FROM notify.inboxes b
      LEFT JOIN LATERAL (
        SELECT change_seq, change_time, item_ids, sweep FROM notify.inbox_changes
        WHERE project_id = $1 AND live = $2 AND recipient_id = $3 AND change_seq > $4
        ORDER BY change_seq LIMIT ${PAGE_ROWS}
      ) c ON true
      WHERE b.project_id = $1 AND b.live = $2 AND b.recipient_id = $3
      ORDER BY c.change_seq`,
    values: [...keyValues(key), afterSeq],
  })
  const [first] = rows
  if (first === undefined) {
    return { changeSeq: 0n, more: false, itemIds: [], sweeps: [], unread: 0, unseen: 0, current: 0 }
  }
  const changes = rows.filter((row) => row.seq !== null)
  const more = changes.length === PAGE_ROWS
  return {
    changeSeq: (more ? changes.at(-1)?.seq : undefined) ?? first.lastSeq,
    more,
    itemIds: [...new Set(changes.flatMap((row) => row.itemIds))],
    sweeps: changes.flatMap(({ sweep, timeMs }) => (sweep === null ? [] : [{ ...sweep, timeMs }])),
    unread: first.unread,
    unseen: first.unseen,
    current: first.current,
  }
}

/** Which of these inboxes have changed since, by their places. */
export async function findChanged(
  executor: Executor,
  watched: readonly (InboxKey & { changeSeq: bigint })[],
): Promise<number[]> {
  const { rows } = await executor.query<{ place: number }>({
    name: 'notify.inbox.changed',
    text: `
      SELECT (w.place - 1)::int4 AS place
      FROM unnest($1::uuid[], $2::bool[], $3::text[], $4::bigint[]) WITH ORDINALITY
        AS w (project_id, live, recipient_id, change_seq, place)
      JOIN notify.inboxes b USING (project_id, live, recipient_id)
      WHERE b.change_seq > w.change_seq`,
    values: [
      watched.map((one) => one.projectId),
      watched.map((one) => one.live),
      watched.map((one) => one.recipientId),
      watched.map((one) => one.changeSeq),
    ],
  })
  return rows.map(({ place }) => place)
}
