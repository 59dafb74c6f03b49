import type { Executor } from '@mainstay/kernel'
import { plainArray } from '../deliver/batch-sql.ts'
import { messagesSeen } from '../events.ts'

/** That a message was seen, and perhaps followed. */
export interface SeenMark {
  projectId: string
  messageId: string
  /** When it happened, in milliseconds since 1970. */
  timeMs: number
  /** The recipient followed it: a link, or the push notification itself. Seeing it is part of that. */
  clicked: boolean
  /** uuid of the entry on the timeline; its time is the entry's. */
  noteId: string
  /** Who says so: `provider`, `recipient`, or the id of a key. */
  actor: string
  /** How it is known, for people. */
  detail: string
}

/**
 * Marks messages as seen, and as followed where a mark says so, with timeline, feed and event, in one statement. The first time
 * is kept: a mark that tells nothing new changes nothing. Of several marks for one message in one call the earliest counts.
 *
 * Any state may be seen: a message in doubt that was read did arrive, and the caller's word is kept as it is.
 *
 * @returns the uuids of the messages that changed.
 */
export async function markSeen(executor: Executor, marks: readonly SeenMark[]): Promise<string[]> {
  if (marks.length === 0) return []
  const { rows } = await executor.query<{ messageId: string }>({
    name: 'notify.messages.seen',
    text: MARK,
    values: [
      plainArray(marks.map((mark) => mark.projectId)),
      plainArray(marks.map((mark) => mark.messageId)),
      plainArray(marks.map((mark) => mark.timeMs / 1000)),
      plainArray(marks.map((mark) => mark.clicked)),
      plainArray(marks.map((mark) => mark.noteId)),
      marks.map((mark) => mark.actor),
      marks.map((mark) => mark.detail),
    ],
  })
  return rows.map((row) => row.messageId)
}

/**
 * Each message is looked up for itself, so that the plan walks its primary key however many there are. Rows are locked in the
 * order of their ids, as everywhere.
 */
const MARK = `
WITH given AS MATERIALIZED (
  SELECT project_id, message_id, to_timestamp(time_s) AS mark_time, clicked, note_id, actor, detail
  FROM unnest($1::uuid[], $2::uuid[], $3::float8[], $4::boolean[], $5::uuid[], $6::text[], $7::text[])
    AS given (project_id, message_id, time_s, clicked, note_id, actor, detail)
),
held AS MATERIALIZED (
  SELECT m.project_id, m.message_id, m.seen_time, m.click_time
  FROM (SELECT DISTINCT project_id, message_id FROM given ORDER BY project_id, message_id) g
  CROSS JOIN LATERAL (
    SELECT project_id, message_id, seen_time, click_time FROM notify.messages
    WHERE project_id = g.project_id AND message_id = g.message_id FOR UPDATE
  ) m
),
seen AS (
  SELECT DISTINCT ON (h.project_id, h.message_id) g.*
  FROM held h JOIN given g ON g.project_id = h.project_id AND g.message_id = h.message_id
  WHERE h.seen_time IS NULL
  ORDER BY h.project_id, h.message_id, g.mark_time, g.note_id
),
clicked AS (
  SELECT DISTINCT ON (h.project_id, h.message_id) g.*
  FROM held h JOIN given g ON g.project_id = h.project_id AND g.message_id = h.message_id
  WHERE h.click_time IS NULL AND g.clicked
  ORDER BY h.project_id, h.message_id, g.mark_time, g.note_id
),
changed AS (
  UPDATE notify.messages m
  SET seen_time = coalesce(m.seen_time, s.mark_time), click_time = coalesce(m.click_time, c.mark_time),
    update_time = greatest(m.update_time, now())
  FROM seen s FULL JOIN clicked c ON c.project_id = s.project_id AND c.message_id = s.message_id
  WHERE m.project_id = coalesce(s.project_id, c.project_id) AND m.message_id = coalesce(s.message_id, c.message_id)
  RETURNING m.project_id, m.message_id
),
notes AS (
  INSERT INTO notify.message_notes (project_id, message_id, note_id, kind, actor, title, detail)
  SELECT project_id, message_id, note_id, 12, actor, 'Seen', nullif(detail, '') FROM seen
  WHERE note_id NOT IN (SELECT note_id FROM clicked)
  UNION ALL
  SELECT project_id, message_id, note_id, 14, actor, 'Link followed', nullif(detail, '') FROM clicked
),
feed AS (
  INSERT INTO notify.message_changes (project_id, message_ids)
  SELECT project_id, array_agg(message_id) FROM changed GROUP BY project_id
),
outbox AS (
  INSERT INTO kernel.outbox (topic, key, payload)
  SELECT '${messagesSeen.name}', project_id::text,
    json_build_object('projectId', project_id, 'messageIds', array_agg(message_id))
  FROM changed GROUP BY project_id
)
SELECT message_id AS "messageId" FROM changed`
