import type { Executor, Tx } from '@mainstay/kernel'
import type { MessageState } from '@mainstay/proto/notify/v1'
import { plainArray, tellOf } from '../deliver/batch-sql.ts'
import type { NotificationContent } from '../rendering.ts'
import type { SuppressionReason } from '../suppressions/reason.ts'

/** A message for an inbox whose place in the queue this transaction holds. */
export interface PickedItem {
  projectId: string
  messageId: string
  expireMs: number
  /** Null when the message's partition was dropped. */
  notificationId: string | null
  state: MessageState
  live: boolean
  /** The message's class. */
  lane: number
  recipientId: string
  /** The category that it was sent in. */
  category: string | null
  suppression: SuppressionReason | null
  content: NotificationContent | null
}

/** Locks messages for inboxes that are due, urgent lanes first, passing over what other couriers hold. Writes nothing. */
export async function pickForInboxes(tx: Tx, nowMs: number, limit: number): Promise<PickedItem[]> {
  const { rows } = await tx.query<PickedItem>({
    name: 'notify.inbox.pick',
    text: PICK,
    values: [nowMs / 1000, limit],
  })
  return rows
}

/** The lanes are those of notify.queue_lane: 11 to 13. */
const pickLane = (lane: number, limit: string): string => `
  SELECT project_id, message_id, lane, expire_time FROM notify.delivery_queue
  WHERE lane = ${lane} AND due_time <= to_timestamp($1) AND lease_owner IS NULL
  ORDER BY due_time LIMIT ${limit} FOR UPDATE SKIP LOCKED`

const PICK = `
WITH otp AS MATERIALIZED (${pickLane(11, '$2::int')}),
transactional AS MATERIALIZED (${pickLane(12, '$2::int - (SELECT count(*) FROM otp)')}),
bulk AS MATERIALIZED (${pickLane(13, '$2::int - (SELECT count(*) FROM otp) - (SELECT count(*) FROM transactional)')})
SELECT q.project_id AS "projectId", q.message_id AS "messageId",
  (extract(epoch FROM q.expire_time) * 1000)::float8 AS "expireMs",
  q.lane - 10 AS lane, m.notification_id AS "notificationId", m.state, m.live, m.to_address AS "recipientId", m.category, n.content,
  (SELECT min(s.reason) FROM notify.suppressions s
    WHERE s.project_id = m.project_id AND s.live = m.live AND s.channel = m.channel
      AND s.address_key = notify.address_key(m.channel, m.to_address)
      AND (s.expire_time IS NULL OR s.expire_time > to_timestamp($1)) AND (m.class <> 1 OR s.reason <> 3)) AS suppression
FROM (SELECT * FROM otp UNION ALL SELECT * FROM transactional UNION ALL SELECT * FROM bulk) q
LEFT JOIN notify.messages m ON m.project_id = q.project_id AND m.message_id = q.message_id
LEFT JOIN notify.notifications n ON n.project_id = m.project_id AND n.notification_id = m.notification_id`

/** When the next message for an inbox is due, in milliseconds since 1970; undefined when none waits. */
export async function findNextForInboxes(executor: Executor): Promise<number | undefined> {
  const firstDue = (lane: number): string => `(
    SELECT due_time FROM notify.delivery_queue WHERE lane = ${lane} AND lease_owner IS NULL ORDER BY due_time LIMIT 1)`
  const { rows } = await executor.query<{ dueMs: number | null }>({
    name: 'notify.inbox.next_due',
    text: `SELECT (extract(epoch FROM least(${firstDue(11)}, ${firstDue(12)}, ${firstDue(13)})) * 1000)::float8 AS "dueMs"`,
  })
  return rows[0]?.dueMs ?? undefined
}

/** An item that is put into its inbox. */
export interface Delivery {
  projectId: string
  live: boolean
  recipientId: string
  itemId: string
  messageId: string
  /** JSON, see migrations/0016_inbox.sql. */
  content: string
  groupKey: string | null
  category: string | null
  title: string
  body: string
  /** uuid of the note on the message's timeline. */
  noteId: string
  /** Where a template made it. */
  subject: string | null
}

/**
 * Puts items into their inboxes and has their messages delivered, in one statement: the item, the counts, the word for those
 * who watch, the message's end and its place in the queue are one commit, so that there is nothing about a delivery that could
 * be in doubt. The rows of `notify.inboxes` are locked in the order of their keys, so that couriers cannot deadlock.
 *
 * What is sent in test mode is shown on the sandbox phone as well.
 */
export async function deliverToInboxes(
  tx: Tx,
  deliveries: readonly Delivery[],
  nowMs: number,
): Promise<void> {
  await tx.query({
    name: 'notify.inbox.deliver',
    text: DELIVER,
    values: [
      plainArray(deliveries.map((d) => d.projectId)),
      plainArray(deliveries.map((d) => d.live)),
      deliveries.map((d) => d.recipientId),
      plainArray(deliveries.map((d) => d.itemId)),
      plainArray(deliveries.map((d) => d.messageId)),
      deliveries.map((d) => d.content),
      deliveries.map((d) => d.groupKey),
      deliveries.map((d) => d.title),
      deliveries.map((d) => d.body),
      plainArray(deliveries.map((d) => d.noteId)),
      deliveries.map((d) => d.subject),
      nowMs / 1000,
      deliveries.map((d) => d.category),
    ],
  })
}

const DELIVER = `
WITH d AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::bool[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::uuid[], $11::text[], $13::text[])
    AS d (project_id, live, recipient_id, item_id, message_id, content, group_key, title, body, note_id, subject, category)
),
gone AS (
  DELETE FROM notify.delivery_queue q USING d WHERE q.project_id = d.project_id AND q.message_id = d.message_id
),
fresh AS MATERIALIZED (
  SELECT * FROM d WHERE NOT EXISTS (
    SELECT FROM notify.inbox_items i WHERE i.project_id = d.project_id AND i.message_id = d.message_id)
),
inbox AS MATERIALIZED (
  SELECT project_id, live, recipient_id, count(*)::int4 AS added, array_agg(item_id ORDER BY item_id) AS item_ids,
    concat_ws(' ', project_id, live, recipient_id) AS name
  FROM fresh GROUP BY project_id, live, recipient_id
),
counted AS (
  INSERT INTO notify.inboxes AS i
    (project_id, live, recipient_id, change_seq, unread_count, unseen_count, current_count)
  SELECT project_id, live, recipient_id, 1, added, added, added FROM inbox
  ORDER BY project_id, live, recipient_id COLLATE "C"
  ON CONFLICT (project_id, live, recipient_id) DO UPDATE
    SET change_seq = i.change_seq + 1, unread_count = i.unread_count + excluded.unread_count,
      unseen_count = i.unseen_count + excluded.unseen_count, current_count = i.current_count + excluded.current_count
  RETURNING concat_ws(' ', project_id, live, recipient_id) AS name, change_seq
),
-- Looked up by name, since with the settings of a claim a join would compare each with each.
seqs AS MATERIALIZED (SELECT jsonb_object_agg(name, change_seq) AS by_name FROM counted),
items AS (
  INSERT INTO notify.inbox_items (project_id, live, recipient_id, item_id, message_id, content, group_key, category)
  SELECT project_id, live, recipient_id, item_id, message_id, content::json, group_key, category FROM fresh
),
changes AS (
  INSERT INTO notify.inbox_changes (project_id, live, recipient_id, change_seq, change_time, item_ids)
  SELECT project_id, live, recipient_id, (by_name ->> name)::bigint, to_timestamp($12::float8), item_ids
  FROM inbox, seqs
),
phone AS (
  INSERT INTO notify.sandbox_items
    (project_id, item_id, message_id, channel, from_address, to_address, title, body, detail)
  SELECT project_id, item_id, message_id, 7, '', recipient_id, title, body, content::json FROM fresh WHERE NOT live
  ON CONFLICT (project_id, message_id) DO NOTHING
),
delivered AS (
  UPDATE notify.messages m
  SET state = 6, delivered_time = to_timestamp($12::float8), update_time = to_timestamp($12::float8),
    status_detail = NULL, subject = coalesce(d.subject, m.subject)
  FROM d
  WHERE m.project_id = d.project_id AND m.message_id = d.message_id
  RETURNING m.project_id, m.message_id, d.note_id
),
notes AS (
  INSERT INTO notify.message_notes (project_id, message_id, note_id, kind, actor, title)
  SELECT project_id, message_id, note_id, 5, 'worker', 'Delivered to the inbox' FROM delivered
),${tellOf('delivered', 'true')}
SELECT count(*) FROM delivered`
