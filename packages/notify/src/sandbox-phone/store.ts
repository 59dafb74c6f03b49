import type { Tx } from '@mainstay/kernel'
import type { Delivered } from '../mailbox/store.ts'

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
 * Keeps an item and marks its message as delivered, in one statement; a second try with the same message changes nothing.
 * As for mail, delivered only follows accepted, sent and unknown.
 *
 * @returns the message, when it became delivered.
 */
export async function storeItem(tx: Tx, item: SandboxItem, now: Date): Promise<Delivered[]> {
  const { rows } = await tx.query<Delivered>({
    name: 'notify.sandbox.store',
    text: STORE,
    values: [
      item.projectId,
      item.itemId,
      item.messageId,
      item.channel,
      item.from,
      item.to,
      item.title,
      item.body,
      item.detail,
      item.noteId,
      now,
    ],
  })
  return rows
}

const STORE = `
WITH stored AS (
  INSERT INTO notify.sandbox_items (project_id, item_id, message_id, channel, from_address, to_address, title, body, detail)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::json)
  ON CONFLICT (project_id, message_id) DO NOTHING
  RETURNING project_id, message_id
),
delivered AS (
  UPDATE notify.messages m
  SET state = 6, delivered_time = $11, update_time = $11, status_detail = NULL
  FROM stored s
  WHERE m.project_id = s.project_id AND m.message_id = s.message_id AND m.state IN (1, 5, 14)
  RETURNING m.project_id, m.message_id
),
notes AS (
  INSERT INTO notify.message_notes (project_id, message_id, note_id, kind, actor, title, detail)
  SELECT project_id, message_id, $10, 5, 'provider', 'Delivered', 'It is on the sandbox phone.' FROM delivered
),
feed AS (
  INSERT INTO notify.message_changes (project_id, message_ids)
  SELECT project_id, array_agg(message_id) FROM delivered GROUP BY project_id
)
SELECT project_id AS "projectId", message_id AS "messageId" FROM delivered`
