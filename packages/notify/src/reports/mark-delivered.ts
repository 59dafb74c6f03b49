import { messagesEnded } from '../events.ts'

/**
 * Marks messages as delivered by the word of what runs in this program, the sandbox: CTEs, of which the last, `delivered`, holds
 * those that became so. `source` is a CTE of project_id, message_id and note_id, each message once; `now` and `detail` are SQL.
 *
 * Delivered only follows accepted, sent and unknown (what is here ends the doubt); a second copy, or a worker that records `sent`
 * later, changes nothing. Rows are locked in the order of their ids, as everywhere, so that batches of several processes cannot
 * deadlock. What providers report goes further, and through `settleEvents`; this costs mail to the sandbox less.
 */
export const markDelivered = (source: string, now: string, detail: string): string => `
undelivered AS MATERIALIZED (
  SELECT m.project_id, m.message_id, s.note_id
  FROM ${source} s JOIN notify.messages m ON m.project_id = s.project_id AND m.message_id = s.message_id
  WHERE m.state IN (1, 5, 14)
  ORDER BY m.project_id, m.message_id
  FOR UPDATE OF m
),
delivered AS (
  UPDATE notify.messages m
  SET state = 6, delivered_time = ${now}, update_time = ${now}, status_detail = NULL
  FROM undelivered u
  WHERE m.project_id = u.project_id AND m.message_id = u.message_id
  RETURNING m.project_id, m.message_id, u.note_id
),
notes AS (
  INSERT INTO notify.message_notes (project_id, message_id, note_id, kind, actor, title, detail)
  SELECT project_id, message_id, note_id, 5, 'provider', 'Delivered', ${detail} FROM delivered
),
feed AS (
  INSERT INTO notify.message_changes (project_id, message_ids)
  SELECT project_id, array_agg(message_id) FROM delivered GROUP BY project_id
),
told AS (
  INSERT INTO kernel.outbox (topic, key, payload)
  SELECT '${messagesEnded.name}', project_id::text,
    json_build_object('projectId', project_id, 'messageIds', array_agg(message_id))
  FROM delivered GROUP BY project_id
)`
