import type { JsonObject } from '@bufbuild/protobuf'
import type { Executor } from '@mainstay/kernel'
import type { InboxKey } from './key.ts'

/** An item as it is shown. */
export interface ItemRow {
  item_id: string
  message_id: string
  /** See migrations/0016_inbox.sql. */
  content: StoredContent
  group_key: string | null
  category: string | null
  seen_time: Date | null
  read_time: Date | null
  archive_time: Date | null
}

/** Empty parts are left out. */
export interface StoredContent {
  title: string
  body?: string
  actionUrl?: string
  actionLabel?: string
  imageUrl?: string
  icon?: string
  severity: number
  data?: JsonObject
}

export interface Counts {
  unread: number
  unseen: number
  current: number
}

/** How an inbox stands: its counts, and the number of its last change. */
export interface InboxState extends Counts {
  changeSeq: bigint
}

const EMPTY: InboxState = Object.freeze({ changeSeq: 0n, unread: 0, unseen: 0, current: 0 })

export function keyValues({ projectId, live, recipientId }: InboxKey): [string, boolean, string] {
  return [projectId, live, recipientId]
}

/** An inbox that never got anything is empty. */
export async function findInbox(executor: Executor, key: InboxKey): Promise<InboxState> {
  const { rows } = await executor.query<InboxState>({
    name: 'notify.inbox.find',
    text: `SELECT change_seq AS "changeSeq", unread_count AS unread, unseen_count AS unseen, current_count AS current
      FROM notify.inboxes WHERE project_id = $1 AND live = $2 AND recipient_id = $3`,
    values: keyValues(key),
  })
  return rows[0] ?? EMPTY
}

const ITEM_COLUMNS = 'item_id, message_id, content, group_key, category, seen_time, read_time, archive_time'

export type View = 'current' | 'unread' | 'archived' | 'everything'

/** Each is the predicate of a partial index. */
const VIEW_IS: Readonly<Record<View, string>> = {
  current: 'AND archive_time IS NULL',
  unread: 'AND read_time IS NULL',
  archived: 'AND archive_time IS NOT NULL',
  everything: '',
}

export interface ItemQuery {
  view: View
  /** Empty: any. */
  category: string
  /** Empty: any. */
  groupKey: string
  /** uuid of the last item of the page before. */
  beforeId: string | undefined
  limit: number
}

const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** Newest first. One statement for each combination of filters, so that each walks the index made for it. */
export async function listItems(executor: Executor, key: InboxKey, query: ItemQuery): Promise<ItemRow[]> {
  const { view, category, groupKey, beforeId = LAST_ID, limit } = query
  const filters = [
    { name: 'category', column: 'category', value: category },
    { name: 'group', column: 'group_key', value: groupKey },
  ].filter(({ value }) => value !== '')
  const { rows } = await executor.query<ItemRow>({
    name: ['notify.inbox.list', view, ...filters.map(({ name }) => name)].join('.'),
    text: `
      SELECT ${ITEM_COLUMNS} FROM notify.inbox_items
      WHERE project_id = $1 AND live = $2 AND recipient_id = $3 AND item_id < $4 ${VIEW_IS[view]}
        ${filters.map(({ column }, index) => `AND ${column} = $${index + 6}`).join(' ')}
      ORDER BY item_id DESC LIMIT $5`,
    values: [...keyValues(key), beforeId, limit, ...filters.map(({ value }) => value)],
  })
  return rows
}

/** Those of the items that there are, in no order. */
export async function findItems(
  executor: Executor,
  key: InboxKey,
  itemIds: readonly string[],
): Promise<ItemRow[]> {
  const { rows } = await executor.query<ItemRow>({
    name: 'notify.inbox.items',
    text: `SELECT ${ITEM_COLUMNS} FROM notify.inbox_items
      WHERE project_id = $1 AND live = $2 AND recipient_id = $3 AND item_id = ANY ($4::uuid[])`,
    values: [...keyValues(key), itemIds],
  })
  return rows
}
