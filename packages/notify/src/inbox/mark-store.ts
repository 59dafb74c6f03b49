import type { Tx } from '@mainstay/kernel'
import { InboxAction } from '@mainstay/proto/notify/v1/inbox'
import type { InboxKey } from './key.ts'
import { type Counts, keyValues } from './store.ts'

export type Action = Exclude<InboxAction, typeof InboxAction.UNSPECIFIED>

/** What an action does to an item: what it sets, which ones it changes, and what of the counts goes up or down for each. */
interface Effect {
  set: string
  changes: string
  unread: string
  unseen: string
  current: string
}

const NOW = '$4::timestamptz'
const SEE = `seen_time = coalesce(i.seen_time, ${NOW})`
const READ = `read_time = coalesce(i.read_time, ${NOW})`
const NONE = '0'
/** `p` is the item as it was. */
const lessIf = (condition: string): string => `-(count(*) FILTER (WHERE ${condition}))`
const moreIf = (condition: string): string => `count(*) FILTER (WHERE ${condition})`

const EFFECTS: Readonly<Record<Action, Effect>> = {
  [InboxAction.SEEN]: {
    set: SEE,
    changes: 'seen_time IS NULL',
    unread: NONE,
    unseen: lessIf('unseen'),
    current: NONE,
  },
  [InboxAction.READ]: {
    set: `${SEE}, ${READ}`,
    changes: 'read_time IS NULL',
    unread: lessIf('unread'),
    unseen: lessIf('unseen'),
    current: NONE,
  },
  [InboxAction.UNREAD]: {
    set: 'read_time = NULL, archive_time = NULL',
    changes: 'read_time IS NOT NULL',
    unread: moreIf('NOT unread'),
    unseen: NONE,
    current: moreIf('NOT current'),
  },
  [InboxAction.ARCHIVE]: {
    set: `${SEE}, ${READ}, archive_time = ${NOW}`,
    changes: 'archive_time IS NULL',
    unread: lessIf('unread'),
    unseen: lessIf('unseen'),
    current: lessIf('current'),
  },
  [InboxAction.UNARCHIVE]: {
    set: 'archive_time = NULL',
    changes: 'archive_time IS NOT NULL',
    unread: NONE,
    unseen: NONE,
    current: moreIf('NOT current'),
  },
}

/** Which items: some by id, or all that came in before an id. */
export type Which =
  | { itemIds: readonly string[] }
  | {
      /** uuid: the first id that is too new. */
      beforeId: string
      /** Empty: any. */
      category: string
      /** Empty: any. */
      groupKey: string
      /** JSON for those who watch, see migrations/0016_inbox.sql. */
      sweep: string
    }

export interface Marked extends Counts {
  changed: number
  /** The messages of items that had never been shown, where this was the first time. */
  firstSeen: string[]
}

const NOTHING: Marked = Object.freeze({ changed: 0, firstSeen: [], unread: 0, unseen: 0, current: 0 })

/**
 * Locks an inbox until the commit. A statement of its own: the next one's snapshot then holds all that others did to the
 * inbox, so that nothing is counted that somebody else has counted already.
 *
 * @returns false for an inbox that never got anything.
 */
export async function lockInbox(tx: Tx, key: InboxKey): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'notify.inbox.lock',
    text: `SELECT FROM notify.inboxes WHERE project_id = $1 AND live = $2 AND recipient_id = $3 FOR UPDATE`,
    values: keyValues(key),
  })
  return rowCount > 0
}

/** Marks items, counts, and tells those who watch. What is as it should be already is left alone. */
export async function markItems(
  tx: Tx,
  key: InboxKey,
  action: Action,
  which: Which,
  now: Date,
): Promise<Marked> {
  if (!(await lockInbox(tx, key))) return NOTHING
  const { rows } = await tx.query<Marked>({
    text: markStatement(EFFECTS[action], which),
    values: [...keyValues(key), now, ...whichValues(which)],
  })
  return rows[0] ?? NOTHING
}

function whichValues(which: Which): unknown[] {
  if ('itemIds' in which) return [which.itemIds, null]
  const { beforeId, category, groupKey, sweep } = which
  return [beforeId, sweep, ...[category, groupKey].filter((value) => value !== '')]
}

function whichCondition(which: Which): string {
  if ('itemIds' in which) return 'item_id = ANY ($5::uuid[])'
  const columns = [which.category !== '' && 'category', which.groupKey !== '' && 'group_key'].filter(Boolean)
  return ['item_id < $5::uuid', ...columns.map((column, index) => `${column} = $${index + 7}`)].join(' AND ')
}

const markStatement = (effect: Effect, which: Which): string => `
WITH picked AS MATERIALIZED (
  SELECT item_id, message_id, seen_time IS NULL AS unseen, read_time IS NULL AS unread, archive_time IS NULL AS current
  FROM notify.inbox_items
  WHERE project_id = $1 AND live = $2 AND recipient_id = $3 AND ${whichCondition(which)} AND ${effect.changes}
),
marked AS (
  UPDATE notify.inbox_items i SET ${effect.set}
  FROM picked p
  WHERE i.project_id = $1 AND i.live = $2 AND i.recipient_id = $3 AND i.item_id = p.item_id
),
delta AS MATERIALIZED (
  SELECT count(*) AS changed, ${effect.unread} AS unread, ${effect.unseen} AS unseen, ${effect.current} AS current
  FROM picked
),
counted AS (
  UPDATE notify.inboxes b
  SET change_seq = change_seq + (d.changed > 0)::int, unread_count = unread_count + d.unread,
    unseen_count = unseen_count + d.unseen, current_count = current_count + d.current
  FROM delta d
  WHERE b.project_id = $1 AND b.live = $2 AND b.recipient_id = $3
  RETURNING change_seq, d.changed::int4 AS changed, unread_count, unseen_count, current_count
),
told AS (
  INSERT INTO notify.inbox_changes (project_id, live, recipient_id, change_seq, change_time, item_ids, sweep)
  SELECT $1, $2, $3, change_seq, ${NOW},
    ${'itemIds' in which ? `(SELECT coalesce(array_agg(item_id), '{}') FROM picked)` : `'{}'`}, $6::json
  FROM counted WHERE changed > 0
)
SELECT changed, unread_count AS unread, unseen_count AS unseen, current_count AS current,
  ${effect.unseen === NONE ? `'{}'::uuid[]` : `ARRAY(SELECT message_id FROM picked WHERE unseen)`} AS "firstSeen"
FROM counted`

/** Deletes items, counts, and tells those who watch. */
export async function deleteItems(
  tx: Tx,
  key: InboxKey,
  itemIds: readonly string[],
  now: Date,
): Promise<Counts> {
  if (!(await lockInbox(tx, key))) return NOTHING
  const { rows } = await tx.query<Counts>({
    name: 'notify.inbox.delete',
    text: DELETE,
    values: [...keyValues(key), now, itemIds],
  })
  return rows[0] ?? NOTHING
}

const DELETE = `
WITH gone AS (
  DELETE FROM notify.inbox_items
  WHERE project_id = $1 AND live = $2 AND recipient_id = $3 AND item_id = ANY ($5::uuid[])
  RETURNING item_id, seen_time, read_time, archive_time
),
delta AS MATERIALIZED (
  SELECT count(*) AS changed, count(*) FILTER (WHERE read_time IS NULL) AS unread,
    count(*) FILTER (WHERE seen_time IS NULL) AS unseen, count(*) FILTER (WHERE archive_time IS NULL) AS current,
    coalesce(array_agg(item_id), '{}') AS item_ids
  FROM gone
),
counted AS (
  UPDATE notify.inboxes b
  SET change_seq = change_seq + (d.changed > 0)::int, unread_count = unread_count - d.unread,
    unseen_count = unseen_count - d.unseen, current_count = current_count - d.current
  FROM delta d
  WHERE b.project_id = $1 AND b.live = $2 AND b.recipient_id = $3
  RETURNING change_seq, d.changed, d.item_ids, unread_count, unseen_count, current_count
),
told AS (
  INSERT INTO notify.inbox_changes (project_id, live, recipient_id, change_seq, change_time, item_ids)
  SELECT $1, $2, $3, change_seq, ${NOW}, item_ids FROM counted WHERE changed > 0
)
SELECT unread_count AS unread, unseen_count AS unseen, current_count AS current FROM counted`
