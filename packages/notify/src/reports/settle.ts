import type { Tx } from '@mainstay/kernel'
import { plainArray, tellOf } from '../deliver/batch-sql.ts'
import { EVENT_RANK, RANK_STATE, STATE_RANK } from './event-kinds.ts'

/** An event that is stored, by its key. */
export interface EventKey {
  projectId: string
  accountId: string
  eventId: string
}

/** What became of one event. */
export interface Settled {
  /** Its place among the keys, from 0 on. */
  index: number
  /** The message it is about; null: none of ours, as far as is known. */
  messageId: string | null
  /** It is looked at again later. */
  waits: boolean
  /** It moved its message to another state. */
  moved: boolean
}

/**
 * Finds the messages that stored events are about and gives the events their effect, once, in one statement: states, timeline,
 * queue, feed and outbox.
 *
 * A message is the one that the event names, when this account had an attempt at it, or else that of the attempt which
 * the provider gave this id to. An event about neither waits: its attempt may not have been recorded yet. So does a failure
 * while the message is with a worker, since nobody can say which attempt failed until that one has ended.
 *
 * On the timeline (message_notes): 5 delivered, 6 bounced, 7 complained, 10 sent after all, 11 failed, 13 unsubscribed.
 * What was read, opened and clicked is told by `markSeen`, once.
 *
 * Queue rows are locked before messages, both in the order of their ids, as by everyone who locks several. They are looked up one by
 * one, in that order: a join that is ordered afterwards is done by reading the whole table in order where sorting is the last resort,
 * as it is here (`walkIndexes`): a report took 100 ms among 200,000 messages.
 *
 * @param noteIds uuids of the entries on the timelines, one for each key.
 */
export async function settleEvents(
  tx: Tx,
  keys: readonly EventKey[],
  noteIds: readonly string[],
  now: Date,
): Promise<Settled[]> {
  const { rows } = await tx.query<Settled>({
    name: 'notify.reports.settle',
    text: SETTLE,
    values: [
      plainArray(keys.map((key) => key.projectId)),
      plainArray(keys.map((key) => key.accountId)),
      keys.map((key) => key.eventId),
      plainArray(noteIds),
      now,
    ],
  })
  return rows
}

/** For how long an event waits for its message: longer than any worker takes to record an attempt or to be given up. */
const LONGEST_WAIT = `interval '5 minutes'`

const SETTLE = `
WITH event AS MATERIALIZED (
  SELECT e.*, k.note_id, k.place
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) WITH ORDINALITY
    AS k (project_id, provider_account_id, event_id, note_id, place)
  JOIN notify.provider_events e ON e.project_id = k.project_id AND e.provider_account_id = k.provider_account_id
    AND e.event_id = k.event_id
),
meant AS MATERIALIZED (
  SELECT e.*, coalesce(named.message_id, known.message_id) AS target
  FROM event e
  LEFT JOIN LATERAL (
    SELECT m.message_id FROM notify.messages m
    WHERE m.project_id = e.project_id AND m.message_id = e.named_message_id AND (
      EXISTS (SELECT FROM notify.delivery_attempts a WHERE a.project_id = m.project_id
        AND a.message_id = m.message_id AND a.provider_account_id = e.provider_account_id)
      OR EXISTS (SELECT FROM notify.delivery_queue q WHERE q.project_id = m.project_id
        AND q.message_id = m.message_id AND q.provider_account_id = e.provider_account_id))
  ) named ON true
  LEFT JOIN LATERAL (
    SELECT message_id FROM (
      SELECT a.message_id FROM notify.delivery_attempts a
      WHERE a.project_id = e.project_id AND a.provider_account_id = e.provider_account_id
        AND a.provider_message_id = e.provider_message_id AND a.provider_message_id IS NOT NULL
      OFFSET 0
    ) given ORDER BY message_id DESC LIMIT 1
  ) known ON named.message_id IS NULL
),
target AS MATERIALIZED (
  SELECT DISTINCT project_id, target AS message_id FROM meant WHERE target IS NOT NULL ORDER BY 1, 2
),
queued AS MATERIALIZED (
  SELECT q.* FROM target t CROSS JOIN LATERAL (
    SELECT q.project_id, q.message_id, q.lease_owner FROM notify.delivery_queue q
    WHERE q.project_id = t.project_id AND q.message_id = t.message_id FOR UPDATE
  ) q
),
held AS MATERIALIZED (
  SELECT m.* FROM target t CROSS JOIN LATERAL (
    SELECT m.project_id, m.message_id, m.state, m.delivered_time FROM notify.messages m
    WHERE m.project_id = t.project_id AND m.message_id = t.message_id FOR UPDATE
  ) m
  WHERE (SELECT count(*) FROM queued) >= 0
),
judged AS MATERIALIZED (
  SELECT e.*, h.state, h.delivered_time AS known_delivered, ${EVENT_RANK} AS rank,
    CASE WHEN h.message_id IS NULL THEN e.provider_message_id IS NOT NULL
      ELSE e.kind = 2 AND q.lease_owner IS NOT NULL END AS undecided,
    -- A failure of an attempt that was followed by another, or of one that was refused and will be repeated, ends nothing.
    e.kind = 2 AND (
      (h.state = 1 AND NOT EXISTS (SELECT FROM notify.delivery_attempts a
        WHERE a.project_id = h.project_id AND a.message_id = h.message_id AND a.outcome = 6))
      OR EXISTS (SELECT FROM notify.delivery_attempts a
        WHERE a.project_id = h.project_id AND a.message_id = h.message_id AND a.outcome = 3
          AND (a.provider_account_id <> e.provider_account_id OR a.provider_message_id <> e.provider_message_id))
    ) AS superseded
  FROM meant e
  LEFT JOIN held h ON h.project_id = e.project_id AND h.message_id = e.target
  LEFT JOIN queued q ON q.project_id = e.project_id AND q.message_id = e.target
),
decisive AS MATERIALIZED (
  SELECT DISTINCT ON (project_id, target) project_id, target AS message_id, rank, detail, note_id
  FROM judged
  WHERE NOT undecided AND NOT superseded AND rank > ${STATE_RANK}
  ORDER BY project_id, target, rank DESC, event_time, event_id
),
reached AS MATERIALIZED (
  SELECT project_id, target AS message_id, min(event_time) AS event_time,
    min(event_time) FILTER (WHERE rank = 3) AS delivered_time
  FROM judged WHERE rank > 0 AND NOT undecided GROUP BY project_id, target
),
changed AS (
  UPDATE notify.messages m
  SET state = ${RANK_STATE}, update_time = $5::timestamptz,
    status_detail = CASE d.rank WHEN 2 THEN 'The provider could not deliver it: ' || d.detail
      WHEN 4 THEN 'It came back: ' || d.detail WHEN 5 THEN 'The recipient called it spam.' END,
    sent_time = CASE WHEN d.rank = 2 THEN m.sent_time ELSE coalesce(m.sent_time, r.event_time) END,
    delivered_time = coalesce(m.delivered_time, r.delivered_time)
  FROM decisive d JOIN reached r ON r.project_id = d.project_id AND r.message_id = d.message_id
  WHERE m.project_id = d.project_id AND m.message_id = d.message_id
  RETURNING m.project_id, m.message_id, d.note_id
),
withdrawn AS (
  DELETE FROM notify.delivery_queue q USING changed c
  WHERE q.project_id = c.project_id AND q.message_id = c.message_id AND q.lease_owner IS NULL
),
told AS (
  INSERT INTO notify.message_notes (project_id, message_id, note_id, kind, actor, title, detail)
  SELECT project_id, target, note_id,
    CASE kind WHEN 1 THEN 10 WHEN 2 THEN 11 WHEN 3 THEN 5 WHEN 4 THEN 6 WHEN 5 THEN 7 ELSE 13 END,
    'provider',
    CASE kind WHEN 1 THEN 'The provider has it after all' WHEN 2 THEN 'Not delivered' WHEN 3 THEN 'Delivered'
      WHEN 4 THEN 'Bounced' WHEN 5 THEN 'Called spam by the recipient'
      ELSE 'The recipient unsubscribed' END,
    detail
  FROM judged
  WHERE target IS NOT NULL AND state IS NOT NULL AND NOT undecided AND kind < 8 AND kind <> 6
    AND (kind <> 1 OR note_id IN (SELECT note_id FROM changed))
    AND (kind <> 3 OR known_delivered IS NULL)
),
marked AS (
  UPDATE notify.provider_events e
  SET message_id = CASE WHEN j.state IS NULL THEN NULL ELSE j.target END,
    wait_time = CASE WHEN j.undecided AND $5::timestamptz < j.receive_time + ${LONGEST_WAIT}
      THEN $5::timestamptz + greatest(interval '1 second', $5::timestamptz - j.receive_time) END
  FROM judged j
  WHERE e.project_id = j.project_id AND e.provider_account_id = j.provider_account_id AND e.event_id = j.event_id
),${tellOf('changed', 'true')}
SELECT (place - 1)::int4 AS index, CASE WHEN state IS NULL THEN NULL ELSE target END AS "messageId",
  undecided AND $5::timestamptz < receive_time + ${LONGEST_WAIT} AS waits,
  note_id IN (SELECT note_id FROM changed) AS moved
FROM judged ORDER BY place`
