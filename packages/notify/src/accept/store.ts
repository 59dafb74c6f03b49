import type { Db } from '@mainstay/kernel'
import { plainArray } from '../deliver/batch-sql.ts'
import { messagesAccepted, messagesEnded } from '../events.ts'
import { TELL_SUPPRESSED } from '../suppressions/reason.ts'
import {
  booleanColumn,
  bytesColumn,
  integerColumn,
  smallintColumn,
  textColumn,
  timeColumn,
  uuidColumn,
} from './columns.ts'

/** One notification with its messages, ready to be stored. */
export interface Draft {
  projectId: string
  notificationId: string
  messageId: string
  /** JSON of `NotificationContent`. */
  content: string
  dedupeKey: string | null
  actor: string
  requestId: string
  /** Of the contract. */
  channel: number
  class: number
  unknownPolicy: number
  live: boolean
  to: string
  /** Its messages beyond the first: to the recipient's other devices, alike in everything but the address. Absent: none. */
  others?: readonly { messageId: string; to: string }[] | undefined
  recipientId: string | null
  /** What it is about; null: none of the project's categories. */
  category: string | null
  subject: string
  templateName: string | null
  templateVersion: number | null
  createMs: number
  sendMs: number
  expireMs: number
  traceId: string
  /** uuid of the run of a workflow that made it; null: none did. */
  workflowRunId: string | null
  /** The call's idempotency key and the SHA-256 of its request. */
  idempotency: { key: string; requestHash: Uint8Array } | null
}

export const SEND_METHOD = 'mainstay.notify.v1.Notify/SendNotification'

/**
 * Stores a batch in one statement, which is one commit: idempotency keys, dedupe keys, notifications, messages, queue
 * rows, the change feed and the outbox. Durable when it resolves.
 *
 * A draft whose idempotency key or dedupe key is taken stores nothing but, where only the latter is, its idempotency
 * key; earlier.ts then finds out what came first. The keys are inserted in order, so that two batches with keys in common
 * wait for each other instead of deadlocking. Within a batch no idempotency key may come twice.
 *
 * A message to a suppressed address is stored as such and never queued; so is one that its recipient does not want or that a
 * frequency cap leaves no room for (notify.admit, which counts: so it is asked about nothing but what is stored). One that
 * quiet hours keep waits for their end.
 *
 * A notification of several messages is a row for each; the first alone has content, by which the statement knows it. What is
 * of the notification is written for the first; the rest follow by its id. What its recipient wants is asked once for all of them,
 * so that three devices are one message to a frequency cap.
 *
 * Nothing is joined, so that the plan, made once per connection, cannot grow wrong with the tables: `IN (SELECT …)`
 * inside an OR is a hashed subplan, whatever the planner believes about sizes.
 *
 * @returns the notification ids of the drafts that stored nothing. Usually none.
 */
export async function insertBatch(
  db: Pick<Db, 'query'>,
  batch: readonly Draft[],
  keyExpireMs: number,
): Promise<string[]> {
  const isPlain = batch.every((draft) => draft.others === undefined)
  const drafts = isPlain ? batch : batch.flatMap(eachMessage)
  const { rows } = await db.query<{ notification_id: string }>({
    name: 'notify.accept',
    text: ACCEPT,
    values: [
      uuidColumn(drafts.map((d) => d.projectId)),
      uuidColumn(drafts.map((d) => d.notificationId)),
      uuidColumn(drafts.map((d) => d.messageId)),
      textColumn(drafts.map((d) => d.content)),
      textColumn(drafts.map((d) => d.dedupeKey)),
      textColumn(drafts.map((d) => d.actor)),
      textColumn(drafts.map((d) => d.requestId)),
      smallintColumn(drafts.map((d) => d.class)),
      smallintColumn(drafts.map((d) => d.unknownPolicy)),
      booleanColumn(drafts.map((d) => d.live)),
      textColumn(drafts.map((d) => d.to)),
      textColumn(drafts.map((d) => d.recipientId)),
      textColumn(drafts.map((d) => d.subject)),
      textColumn(drafts.map((d) => d.templateName)),
      integerColumn(drafts.map((d) => d.templateVersion)),
      timeColumn(drafts.map((d) => d.createMs)),
      timeColumn(drafts.map((d) => d.sendMs)),
      timeColumn(drafts.map((d) => d.expireMs)),
      textColumn(drafts.map((d) => d.traceId)),
      textColumn(drafts.map((d) => d.idempotency?.key ?? null)),
      bytesColumn(drafts.map((d) => d.idempotency?.requestHash ?? null)),
      smallintColumn(drafts.map((d) => d.channel)),
      SEND_METHOD,
      new Date(keyExpireMs),
      // Null is a column of nulls, and costs nothing.
      isPlain ? null : textColumn(drafts.map(messageIds)),
      drafts.every((d) => d.category === null) ? null : textColumn(drafts.map((d) => d.category)),
      drafts.every((d) => d.workflowRunId === null) ? null : uuidColumn(drafts.map((d) => d.workflowRunId)),
    ],
  })
  return rows.map((row) => row.notification_id)
}

type Row = Omit<Draft, 'content'> & { content: string | null }

function eachMessage(draft: Draft): Row[] {
  const others = draft.others ?? []
  return [draft, ...others.map((other) => ({ ...draft, ...other, content: null }))]
}

/** In notify.notifications for those that have several; as PostgreSQL writes an array. */
function messageIds({ messageId, content, others = [] }: Row): string | null {
  if (content === null || others.length === 0) return null
  return plainArray([messageId, ...others.map((other) => other.messageId)])
}

/** What the answer to a call is made of is kept in its idempotency row: the two ids of notification and first message, 32 bytes (see earlier.ts). */
const ACCEPT = `
WITH draft AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int2[],
    $9::int2[], $10::bool[], $11::text[], $12::text[], $13::text[], $14::text[], $15::int4[], $16::timestamptz[],
    $17::timestamptz[], $18::timestamptz[], $19::text[], $20::text[], $21::bytea[], $22::int2[], $25::text[],
    $26::text[], $27::uuid[]) WITH ORDINALITY
    AS draft (project_id, notification_id, message_id, content, dedupe_key, actor, request_id, class, unknown_policy,
      live, to_address, recipient_id, subject, template_name, template_version, create_time, send_time, expire_time,
      trace_id, idempotency_key, request_hash, channel, message_ids, category, workflow_run_id, place)
),
suppressed AS MATERIALIZED (
  SELECT place, reason FROM notify.find_suppressed($1::uuid[], $10::bool[], $22::int2[], $11::text[], $8::int2[])
),
keyed AS (
  INSERT INTO access.idempotency_keys AS k
    (project_id, live, idempotency_key, method, request_hash, response, expire_time)
  SELECT project_id, live, idempotency_key, $23::text, request_hash,
    uuid_send(notification_id) || uuid_send(message_id), $24::timestamptz
  FROM draft WHERE idempotency_key IS NOT NULL AND content IS NOT NULL
  ORDER BY project_id, live, idempotency_key COLLATE "C"
  ON CONFLICT (project_id, live, idempotency_key) DO UPDATE
    SET method = excluded.method, request_hash = excluded.request_hash, response = excluded.response,
      expire_time = excluded.expire_time
    WHERE k.expire_time <= now()
  RETURNING substr(response, 1, 16) AS notification_id
),
called AS MATERIALIZED (
  SELECT * FROM draft
  WHERE idempotency_key IS NULL OR uuid_send(notification_id) IN (SELECT notification_id FROM keyed)
),
deduped AS (
  INSERT INTO notify.dedupe_keys (project_id, live, dedupe_key, notification_id, message_id)
  SELECT project_id, live, dedupe_key, notification_id, message_id
  FROM called WHERE dedupe_key IS NOT NULL AND content IS NOT NULL
  ORDER BY project_id, live, dedupe_key COLLATE "C"
  ON CONFLICT DO NOTHING
  RETURNING notification_id
),
admitted AS MATERIALIZED (
  SELECT asked.notification_ids[said.place] AS notification_id, said.skip_reason, said.due_time, said.note
  FROM (
    SELECT array_agg(notification_id) AS notification_ids, array_agg(project_id) AS project_ids, array_agg(live) AS lives,
      array_agg(channel) AS channels, array_agg(class) AS classes, array_agg(recipient_id) AS recipient_ids,
      array_agg(category) AS categories, array_agg(send_time) AS due_times
    FROM (
      SELECT * FROM (
        SELECT DISTINCT ON (notification_id) place, notification_id, project_id, live, channel, class, recipient_id, category,
          send_time
        FROM called
        WHERE (recipient_id IS NOT NULL OR category IS NOT NULL)
          AND (dedupe_key IS NULL OR notification_id IN (SELECT notification_id FROM deduped))
          AND place NOT IN (SELECT place FROM suppressed)
        ORDER BY notification_id, place
      ) one ORDER BY place
    ) ordered
    HAVING count(*) > 0
  ) asked, notify.admit(asked.project_ids, asked.lives, asked.channels, asked.classes, asked.recipient_ids,
    asked.categories, asked.due_times) said
),
-- gate: why it is skipped, until when it is held, and why.
accepted AS MATERIALIZED (
  SELECT *, (SELECT reason FROM suppressed WHERE suppressed.place = called.place) AS reason,
    (SELECT ARRAY[skip_reason, due_time::text, note] FROM admitted a
      WHERE a.notification_id = called.notification_id LIMIT 1) AS gate
  FROM called
  WHERE dedupe_key IS NULL OR notification_id IN (SELECT notification_id FROM deduped)
),
notifications AS (
  INSERT INTO notify.notifications (project_id, notification_id, content, dedupe_key, actor, request_id, message_ids)
  SELECT project_id, notification_id, content::json, dedupe_key, actor, request_id, message_ids::uuid[]
  FROM accepted WHERE content IS NOT NULL
),
messages AS (
  INSERT INTO notify.messages (project_id, message_id, notification_id, channel, class, state, unknown_policy, live,
    to_address, recipient_id, subject, template_name, template_version, send_time, expire_time, update_time, trace_id,
    category, status_detail, workflow_run_id)
  SELECT project_id, message_id, notification_id, channel, class,
    CASE WHEN reason IS NOT NULL THEN 9 WHEN gate[1] IS NOT NULL THEN 10 ELSE 1 END,
    unknown_policy, live, to_address, recipient_id, subject, template_name, template_version,
    coalesce(gate[2]::timestamptz, send_time), expire_time, create_time, trace_id, category,
    coalesce(${TELL_SUPPRESSED}, gate[1], gate[3]), workflow_run_id
  FROM accepted
),
notes AS (
  INSERT INTO notify.message_notes (project_id, message_id, note_id, kind, actor, title)
  SELECT project_id, message_id, message_id, 15, 'preferences', gate[3] FROM accepted
  WHERE gate[3] IS NOT NULL AND reason IS NULL
),
queue AS (
  INSERT INTO notify.delivery_queue (project_id, message_id, lane, due_time, expire_time)
  SELECT project_id, message_id, notify.queue_lane(channel, class), least(coalesce(gate[2]::timestamptz, send_time), expire_time),
    expire_time
  FROM accepted WHERE reason IS NULL AND gate[1] IS NULL
),
batch AS MATERIALIZED (
  SELECT project_id, array_agg(message_id) AS message_ids FROM accepted GROUP BY project_id
),
feed AS (
  INSERT INTO notify.message_changes (project_id, message_ids) SELECT project_id, message_ids FROM batch
),
outbox AS (
  INSERT INTO kernel.outbox (topic, key, payload)
  SELECT '${messagesAccepted.name}', project_id::text,
    json_build_object('projectId', project_id, 'messageIds', message_ids)
  FROM batch
),
ended AS (
  INSERT INTO kernel.outbox (topic, key, payload)
  SELECT '${messagesEnded.name}', project_id::text,
    json_build_object('projectId', project_id, 'messageIds', array_agg(message_id))
  FROM accepted WHERE reason IS NOT NULL OR gate[1] IS NOT NULL GROUP BY project_id
)
SELECT notification_id FROM draft WHERE notification_id NOT IN (SELECT notification_id FROM accepted)`
