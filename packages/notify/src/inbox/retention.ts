import { type Clock, type Db, minIdAt } from '@mainstay/kernel'
import type { InboxKey } from './key.ts'
import { deleteItems } from './mark-store.ts'
import { TOKEN_TTL_MS } from './position.ts'

export interface InboxRetentionDeps {
  db: Db
  clock: Clock
  settings: { readonly inboxRetentionDays: number }
}

const BATCH = 5000

/** Deletes items past their retention, and changes that no resume token needs any more. In small commits: a stop loses nothing. */
export async function deleteOldItems({ db, clock, settings }: InboxRetentionDeps): Promise<void> {
  const changesBefore = new Date(clock.nowMs() - TOKEN_TTL_MS - 3_600_000)
  for (let rowCount = BATCH; rowCount === BATCH; ) {
    ;({ rowCount } = await db.query({
      text: `DELETE FROM notify.inbox_changes WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM notify.inbox_changes WHERE change_time < $1 LIMIT ${BATCH}))`,
      values: [changesBefore],
    }))
  }
  const beforeId = minIdAt(clock.nowMs() - settings.inboxRetentionDays * 86_400_000)
  for (let found = BATCH; found === BATCH; ) found = await deleteSome(db, clock, beforeId)
}

/** Inbox by inbox, so that each is locked for a moment only, and the counts are taken back with the items. */
async function deleteSome(db: Db, clock: Clock, beforeId: string): Promise<number> {
  const { rows } = await db.query<InboxKey & { itemIds: string[] }>({
    text: `SELECT project_id AS "projectId", live, recipient_id AS "recipientId", array_agg(item_id) AS "itemIds"
      FROM (SELECT project_id, live, recipient_id, item_id FROM notify.inbox_items WHERE item_id < $1 LIMIT ${BATCH}) old
      GROUP BY project_id, live, recipient_id`,
    values: [beforeId],
  })
  for (const { itemIds, ...key } of rows) {
    await db.transaction((tx) => deleteItems(tx, key, itemIds, clock.now()))
  }
  return rows.reduce((sum, { itemIds }) => sum + itemIds.length, 0)
}
