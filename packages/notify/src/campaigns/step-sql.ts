import { Channel } from '@mainstay/proto/notify/v1'
import { messagesAccepted, messagesEnded } from '../events.ts'
import { TELL_SUPPRESSED } from '../suppressions/reason.ts'
import { addressesSql } from './audience-sql.ts'

/** What a step's statement is made for: who its members are and where they are reached. */
export interface StepKind {
  channel: number
  isImported: boolean
}

/** The name that its plan is kept under. */
export function stepName({ channel, isImported }: StepKind): string {
  return `notify.campaigns.step.${channel}.${isImported ? 'imported' : 'recipients'}`
}

/**
 * One step of a campaign in one statement, which is one commit: the next members of a chunk get their notifications, messages and
 * rows of the queue; the feed, the outbox and the counters tell of it; and the chunk moves on by as many. Whoever was killed before
 * it has done nothing, and whoever comes after it begins behind it.
 *
 * Who may not be told now, because of quiet hours, goes into a chunk that opens when they end: the queue holds nothing that waits for
 * the morning.
 *
 * The chunk is held by its fencing token: a process that stood still while another took over finds nothing. The unique key of
 * campaign_recipients comes first, so that even then nobody gets two.
 *
 * Members are looked up one by one by their key, however large the tables were when the plan was made: hence LATERAL and LIMIT 1.
 * Nothing else is joined: `IN (SELECT …)` inside an OR is a hashed subplan, as in accept/store.ts.
 */
export function stepSql({ channel, isImported }: StepKind): string {
  const isMany = channel === Channel.PUSH
  return `
WITH held AS MATERIALIZED (
  SELECT chunk_id, phase, timezone, members[done_count + 1 : done_count + $6::int] AS keys
  FROM notify.campaign_chunks
  WHERE project_id = $1 AND campaign_id = $2 AND chunk_id = $3::uuid AND lease_owner = $4::uuid AND lease_epoch = $5::int
    AND done_count < size
  FOR UPDATE
),
person AS MATERIALIZED (
  SELECT m.key, m.place, ${isImported ? IMPORTED : RECIPIENT},
    ($25::uuid[])[2 * m.place - 1] AS notification_id, ($25::uuid[])[2 * m.place] AS message_id,
    coalesce($15::int, 1 + notify.campaign_hash($2::uuid, 'variant', m.key, $13::int)) AS variant
  FROM held CROSS JOIN LATERAL unnest(held.keys) WITH ORDINALITY AS m (key, place)
  ${isImported ? JOIN_ROW : ''}
  LEFT JOIN LATERAL (
    SELECT * FROM notify.recipients
    WHERE project_id = $1 AND recipient_id = ${isImported ? 'w.recipient_id' : 'm.key COLLATE "default"'} LIMIT 1
  ) r ON true
),
letter AS MATERIALIZED (
  SELECT p.*, a.address AS to_address, row_number() OVER (ORDER BY p.place) AS letter_no,
    ${isMany ? 'row_number() OVER (PARTITION BY p.place) = 1' : 'true'} AS is_first
  FROM person p LEFT JOIN LATERAL (${addressesSql(channel)}) a ON p.known
),
later AS MATERIALIZED (
  SELECT a.keys[g.place] AS key, g.due_time
  FROM (${asked('EXISTS (SELECT FROM notify.contact_settings WHERE project_id = $1)', 'is_first AND to_address IS NOT NULL')}) a,
    notify.find_gated(a.projects, a.lives, a.channels, a.classes, a.recipients, a.categories, a.due_times) g
  WHERE g.due_time > $7::timestamptz + interval '1 minute'
),
put_off AS (
  INSERT INTO notify.campaign_chunks (project_id, campaign_id, chunk_id, phase, first_key, last_key, timezone, open_time, size,
    members)
  SELECT $1::uuid, $2::uuid, gen_random_uuid(), h.phase, min(l.key), max(l.key), h.timezone, l.due_time, count(*),
    array_agg(l.key ORDER BY l.key)
  FROM later l CROSS JOIN held h GROUP BY h.phase, h.timezone, l.due_time
),
suppressed AS MATERIALIZED (
  SELECT place, reason FROM notify.find_suppressed(
    (SELECT array_agg($1::uuid) FROM letter), (SELECT array_agg($10::bool) FROM letter),
    (SELECT array_agg($9::int2) FROM letter), (SELECT array_agg(to_address ORDER BY letter_no) FROM letter),
    (SELECT array_agg(3::int2) FROM letter))
),
claimed AS (
  INSERT INTO notify.campaign_recipients (project_id, campaign_id, recipient_key, message_id, variant, passed_over)
  SELECT $1::uuid, $2::uuid, key, CASE WHEN to_address IS NOT NULL THEN message_id END,
    CASE WHEN $14::bool AND to_address IS NOT NULL THEN variant END,
    CASE WHEN NOT known THEN 1 WHEN to_address IS NULL THEN 2 END
  FROM letter WHERE is_first AND key NOT IN (SELECT key FROM later)
  ORDER BY key
  ON CONFLICT DO NOTHING
  RETURNING recipient_key, passed_over
),
admitted AS MATERIALIZED (
  SELECT a.keys[g.place] AS key, g.skip_reason
  FROM (${asked(
    WISHES,
    `is_first AND to_address IS NOT NULL AND (place < 1 OR key IN (SELECT recipient_key FROM claimed))
      AND letter_no NOT IN (SELECT place FROM suppressed)`,
  )}) a,
    notify.admit(a.projects, a.lives, a.channels, a.classes, a.recipients, a.categories, a.due_times) g
  WHERE g.skip_reason IS NOT NULL
),
accepted AS MATERIALIZED (
  SELECT key, recipient_id, person_values, locale, variant, to_address, is_first, notification_id,
    ${isMany ? 'CASE WHEN is_first THEN message_id ELSE notify.new_id() END' : 'message_id'} AS message_id,
    ${DUE} AS due_time, (SELECT reason FROM suppressed WHERE suppressed.place = letter_no) AS reason,
    (SELECT skip_reason FROM admitted WHERE admitted.key = letter.key) AS skip_reason
  FROM letter
  WHERE to_address IS NOT NULL AND (place < 1 OR key IN (SELECT recipient_key FROM claimed))
),
notifications AS (
  INSERT INTO notify.notifications (project_id, notification_id, content, actor, request_id${isMany ? ', message_ids' : ''})
  SELECT $1::uuid, notification_id, ${CONTENT}, $20::text, $21::text${isMany ? `, ${OTHERS}` : ''}
  FROM accepted a WHERE is_first
),
messages AS (
  INSERT INTO notify.messages (project_id, message_id, notification_id, channel, class, state, unknown_policy, live,
    to_address, recipient_id, subject, template_name, template_version, send_time, expire_time, update_time, trace_id,
    status_detail, campaign_id, category)
  SELECT $1::uuid, message_id, notification_id, $9::int2, 3,
    CASE WHEN reason IS NOT NULL THEN 9 WHEN skip_reason IS NOT NULL THEN 10 ELSE 1 END, $11::int2,
    $10::bool, to_address, recipient_id, ($18::text[])[variant], ($16::text[])[variant], ($17::int[])[variant], due_time,
    due_time + $12::float8 * interval '1 millisecond', $7::timestamptz, $22::text,
    coalesce(${TELL_SUPPRESSED}, skip_reason), $2::uuid, $27::text
  FROM accepted
),
queue AS (
  INSERT INTO notify.delivery_queue (project_id, message_id, lane, due_time, expire_time, campaign_id, pinned_account_id,
    window_timezone, window_close)
  SELECT $1::uuid, message_id, 3, due_time, due_time + $12::float8 * interval '1 millisecond', $2::uuid, $23::uuid,
    $28::text, $29::timestamptz
  FROM accepted WHERE reason IS NULL AND skip_reason IS NULL
),
batch AS MATERIALIZED (
  SELECT array_agg(message_id) AS message_ids, count(*)::int AS made, count(reason)::int AS suppressed,
    array_agg(message_id) FILTER (WHERE reason IS NOT NULL OR skip_reason IS NOT NULL) AS ended_ids,
    count(*) FILTER (WHERE reason IS NULL AND skip_reason IS NOT NULL)::int AS skipped
  FROM accepted
),
feed AS (
  INSERT INTO notify.message_changes (project_id, message_ids) SELECT $1::uuid, message_ids FROM batch WHERE made > 0
),
outbox AS (
  INSERT INTO kernel.outbox (topic, key, payload)
  SELECT '${messagesAccepted.name}', $1::text, json_build_object('projectId', $1::text, 'messageIds', message_ids)
  FROM batch WHERE made > 0
  UNION ALL
  SELECT '${messagesEnded.name}', $1::text, json_build_object('projectId', $1::text, 'messageIds', ended_ids)
  FROM batch WHERE suppressed + skipped > 0
),
passed AS MATERIALIZED (
  SELECT count(*)::int AS people, count(*) FILTER (WHERE passed_over = 1)::int AS gone,
    count(*) FILTER (WHERE passed_over = 2)::int AS unreachable
  FROM claimed
),
counted AS (
  INSERT INTO notify.campaign_counts (project_id, campaign_id, kind, delta)
  SELECT $1::uuid, $2::uuid, c.kind, c.delta
  FROM batch b CROSS JOIN passed p CROSS JOIN LATERAL (
    VALUES (1, b.made - b.suppressed - b.skipped), (9, b.suppressed), (10, b.skipped), (101, p.people), (102, p.gone), (103, p.unreachable)
  ) AS c (kind, delta)
  WHERE c.delta <> 0
),
moved AS (
  UPDATE notify.campaign_chunks c
  SET done_count = c.done_count + cardinality(held.keys), lease_end = $8::timestamptz,
    members = CASE WHEN c.done_count + cardinality(held.keys) < c.size THEN c.members END
  FROM held
  WHERE c.project_id = $1 AND c.campaign_id = $2 AND c.chunk_id = held.chunk_id
  RETURNING c.size - c.done_count AS left_count, cardinality(held.keys) AS done
)
SELECT m.done, m.left_count AS "left", b.made - b.suppressed - b.skipped AS queued FROM moved m CROSS JOIN batch b`
}

/** When the message of a letter is due: one after the other, as the campaign's speed has it. */
const DUE = `$24::timestamptz + (letter_no - 1) * $26::float8 * interval '1 millisecond'`

/** Whether anybody in the project has wishes that a message could be against. */
const WISHES = `$27::text IS NOT NULL OR EXISTS (SELECT FROM notify.contact_settings WHERE project_id = $1)
      OR EXISTS (SELECT FROM notify.preferences WHERE project_id = $1)`

/** Letters as the arrays that notify.admit takes; no row where there are none, or nothing to ask. */
const asked = (condition: string, which: string): string => `
    SELECT array_agg(key ORDER BY letter_no) AS keys, array_agg($1::uuid) AS projects, array_agg($10::bool) AS lives,
      array_agg($9::int2) AS channels, array_agg(3::int2) AS classes, array_agg(recipient_id ORDER BY letter_no) AS recipients,
      array_agg($27::text) AS categories, array_agg(${DUE} ORDER BY letter_no) AS due_times
    FROM letter WHERE ${which}
    HAVING count(*) > 0 AND (${condition})`

/** What is known of a member that is a recipient. */
const RECIPIENT = `r.recipient_id, NULL::text AS address, r.email, r.phone, r.locale, r.recipient_id IS NOT NULL AS known,
    r.attributes AS person_values`

/** What is known of a member that is a row of the campaign's list. */
const IMPORTED = `w.recipient_id, w.address, r.email, r.phone, coalesce(w.locale, r.locale) AS locale,
    w.row_key IS NOT NULL AND (w.recipient_id IS NULL OR r.recipient_id IS NOT NULL) AS known,
    coalesce(r.attributes, '{}') || w.data AS person_values`

const JOIN_ROW = `LEFT JOIN LATERAL (
    SELECT * FROM notify.campaign_rows WHERE project_id = $1 AND campaign_id = $2 AND row_key = m.key LIMIT 1
  ) w ON true`

/** Inline content stays in the campaign and is named; a template is filled for each person with what is known of them now. */
const CONTENT = `CASE WHEN ($16::text[])[variant] IS NULL
      THEN json_build_object('campaign', json_build_object('id', $2::text, 'variant', variant))
      ELSE json_build_object('template', json_strip_nulls(json_build_object(
          'name', ($16::text[])[variant], 'version', ($17::int[])[variant], 'locale', locale)),
        'data', $19::jsonb || person_values) END`

/** All messages of somebody who has several. */
const OTHERS = `(SELECT CASE WHEN count(*) > 1 THEN array_agg(o.message_id ORDER BY o.is_first DESC) END
    FROM accepted o WHERE o.key = a.key)`
