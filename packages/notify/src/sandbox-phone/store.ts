import type { Executor, Tx } from '@mainstay/kernel'
import type { Delivered } from '../mailbox/store.ts'
import { markDelivered } from '../reports/mark-delivered.ts'

/** What the sandbox keeps of a message that is no mail. */
export interface SandboxItem {
  projectId: string
  itemId: string
  messageId: string
  /** Of the contract. */
  channel: number
  from: string
  to: string
  title: string
  body: string
  /** What is special to the channel, as JSON. */
  detail: string
  /** uuid of the entry on the message's timeline. */
  noteId: string
}

/**
 * Keeps items and marks their messages as delivered, in one statement; a second try with the same message changes nothing.
 * As for mail, delivered only follows accepted, sent and unknown.
 *
 * @returns the messages that became delivered.
 */
export async function storeItems(tx: Tx, items: readonly SandboxItem[], now: Date): Promise<Delivered[]> {
  const { rows } = await tx.query<Delivered>({
    name: 'notify.sandbox.store',
    text: STORE,
    values: [
      items.map(({ projectId }) => projectId),
      items.map(({ itemId }) => itemId),
      items.map(({ messageId }) => messageId),
      items.map(({ channel }) => channel),
      items.map(({ from }) => from),
      items.map(({ to }) => to),
      items.map(({ title }) => title),
      items.map(({ body }) => body),
      items.map(({ detail }) => detail),
      items.map(({ noteId }) => noteId),
      now,
    ],
  })
  return rows
}

const STORE = `
WITH kept AS (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::uuid[]) AS k (project_id, item_id, message_id, channel, from_address, to_address, title, body, detail, note_id)
), stored_items AS (
  INSERT INTO notify.sandbox_items (project_id, item_id, message_id, channel, from_address, to_address, title, body, detail)
  SELECT project_id, item_id, message_id, channel, from_address, to_address, title, body, detail::json FROM kept
  ON CONFLICT (project_id, message_id) DO NOTHING
  RETURNING project_id, message_id, item_id
), stored AS (
  SELECT s.project_id, s.message_id, k.note_id FROM stored_items s JOIN kept k USING (project_id, message_id, item_id)
),${markDelivered('stored', '$11::timestamptz', "'It is on the sandbox phone.'")}
SELECT project_id AS "projectId", message_id AS "messageId" FROM delivered`

/** An item as it is listed. */
export interface SandboxRow {
  item_id: string
  message_id: string
  channel: number
  from_address: string
  to_address: string
  title: string
  body: string
  detail: { [key: string]: unknown }
}

export interface SandboxQuery {
  /** uuid of the last item of the page before. */
  beforeId: string | undefined
  /** Of the contract; empty: all. */
  channels: readonly number[]
  /** In the sender, address, title or body, in any case; empty: all. */
  text: string
  /** uuid */
  messageId: string | undefined
  limit: number
}

/** Newest first. What a project has is bounded by its setting, so a search may read all of it. */
export async function listItems(
  executor: Executor,
  projectId: string,
  { beforeId, channels, text, messageId, limit }: SandboxQuery,
): Promise<SandboxRow[]> {
  const { rows } = await executor.query<SandboxRow>({
    name: 'notify.sandbox.list',
    text: `
      SELECT item_id, message_id, channel, from_address, to_address, title, body, detail
      FROM notify.sandbox_items
      WHERE project_id = $1 AND ($2::uuid IS NULL OR item_id < $2)
        AND (cardinality($3::smallint[]) = 0 OR channel = ANY ($3))
        AND ($4 = '' OR strpos(lower(concat_ws(E'\n', from_address, to_address, title, body)), lower($4)) > 0)
        AND ($5::uuid IS NULL OR message_id = $5)
      ORDER BY item_id DESC LIMIT $6`,
    values: [projectId, beforeId ?? null, channels, text, messageId ?? null, limit],
  })
  return rows
}

/** Deletes all but the newest `keep` items of a project. */
export async function trimItems(executor: Executor, projectId: string, keep: number): Promise<void> {
  await executor.query({
    name: 'notify.sandbox.trim',
    text: `
      DELETE FROM notify.sandbox_items WHERE project_id = $1 AND item_id <= (
        SELECT item_id FROM notify.sandbox_items WHERE project_id = $1 ORDER BY item_id DESC OFFSET $2 LIMIT 1
      )`,
    values: [projectId, keep],
  })
}

/** Returns how many there were. */
export async function deleteItems(executor: Executor, projectId: string): Promise<number> {
  const { rowCount } = await executor.query({
    name: 'notify.sandbox.clear',
    text: 'DELETE FROM notify.sandbox_items WHERE project_id = $1',
    values: [projectId],
  })
  return rowCount
}
