import type { Tx } from '@mainstay/kernel'
import type { AttemptOutcome, MessageState } from '@mainstay/proto/notify/v1'
import type { Spend } from '../routing/spend-store.ts'
import { plainArray, tellOf } from './batch-sql.ts'
import type { Doubt } from './doubt.ts'

/** How one attempt ended and what follows. */
export interface AttemptRecord {
  projectId: string
  messageId: string
  /** The attempt's number, which is the fencing token it ran under. */
  attempt: number
  /** The worker it ran on. */
  workerId: string
  outcome: AttemptOutcome
  endMs: number
  /** The state the message is left in; undefined: it goes back to the queue for `dueMs`. */
  state: MessageState | undefined
  dueMs: number
  detail: string | null
  possibleDuplicate: boolean
  doubt: Doubt
  providerMessageId: string | null
  reply: string | null
  /** The subject as it was sent, where a template made it. */
  subject: string | null
  /** What caps get back. Absent: nothing. */
  spend?: Spend | undefined
  /** The account whose provider says that the address is at fault for good. Default: none does. */
  addressFaultOf?: string
}

/**
 * Records ended attempts and their effect on queue and messages, in one statement.
 *
 * Every row is guarded by its fencing token: where another worker has settled the attempt meanwhile, nothing is
 * written. A message that a provider's report has moved on already keeps its state.
 *
 * @returns those whose token no longer held, by index. Usually none.
 */
export async function recordAttempts(tx: Tx, records: readonly AttemptRecord[]): Promise<number[]> {
  const { rows } = await tx.query<{ index: number }>({
    name: 'notify.deliver.record',
    text: RECORD,
    values: [
      plainArray(records.map((r) => r.projectId)),
      plainArray(records.map((r) => r.messageId)),
      plainArray(records.map((r) => r.attempt)),
      plainArray(records.map((r) => r.workerId)),
      plainArray(records.map((r) => r.outcome)),
      plainArray(records.map((r) => r.endMs / 1000)),
      plainArray(records.map((r) => r.state ?? 0)),
      plainArray(records.map((r) => r.dueMs / 1000)),
      records.map((r) => r.detail),
      plainArray(records.map((r) => r.possibleDuplicate)),
      records.map((r) => r.providerMessageId),
      records.map((r) => r.reply),
      records.map((r) => r.subject),
      plainArray(records.map((r) => r.doubt)),
    ],
  })
  return rows.map((row) => row.index)
}

/** What a row of the queue and its record say together; carried by RETURNING, so that nothing is joined twice. */
const HELD = `r.ord, r.outcome, r.end_time, r.state, r.due_time, r.detail, r.possible_duplicate,
  r.provider_message_id, r.reply, r.subject, q.project_id, q.message_id, q.lease_epoch, q.provider_account_id,
  q.start_time, q.routing`

const RECORD = `
WITH r AS MATERIALIZED (
  SELECT project_id, message_id, attempt, worker_id, outcome, to_timestamp(end_s) AS end_time, state,
    CASE WHEN state = 0 THEN to_timestamp(due_s) END AS due_time, detail, possible_duplicate, provider_message_id, reply,
    subject, doubt, ord
  FROM unnest($1::uuid[], $2::uuid[], $3::int4[], $4::uuid[], $5::int2[], $6::float8[], $7::int2[], $8::float8[],
    $9::text[], $10::bool[], $11::text[], $12::text[], $13::text[], $14::int2[]) WITH ORDINALITY
    AS r (project_id, message_id, attempt, worker_id, outcome, end_s, state, due_s, detail, possible_duplicate,
      provider_message_id, reply, subject, doubt, ord)
),
ended AS (
  DELETE FROM notify.delivery_queue q USING r
  WHERE r.state <> 0 AND q.project_id = r.project_id AND q.message_id = r.message_id
    AND q.lease_epoch = r.attempt AND q.lease_owner = r.worker_id
  RETURNING ${HELD}
),
waiting AS (
  UPDATE notify.delivery_queue q
  SET lease_owner = NULL, due_time = r.due_time, doubt = r.doubt,
    doubt_time = CASE WHEN r.doubt <> 0 THEN coalesce(q.doubt_time, q.start_time) END
  FROM r
  WHERE r.state = 0 AND q.project_id = r.project_id AND q.message_id = r.message_id
    AND q.lease_epoch = r.attempt AND q.lease_owner = r.worker_id
  RETURNING ${HELD}
),
held AS MATERIALIZED (SELECT * FROM ended UNION ALL SELECT * FROM waiting),
journal AS (
  INSERT INTO notify.delivery_attempts (project_id, message_id, attempt, provider_account_id, start_time, end_time,
    outcome, provider_message_id, reply, retry_time, routing)
  SELECT project_id, message_id, lease_epoch, provider_account_id, start_time, end_time, outcome, provider_message_id,
    reply, due_time, routing
  FROM held
),
changed AS (
  UPDATE notify.messages m
  SET state = CASE WHEN h.state <> 0 AND m.state IN (1, 14) THEN h.state ELSE m.state END,
    status_detail = CASE WHEN m.state IN (1, 14) THEN h.detail ELSE m.status_detail END,
    possible_duplicate = m.possible_duplicate OR h.possible_duplicate,
    attempt_count = h.lease_epoch, provider_account_id = h.provider_account_id, update_time = h.end_time,
    sent_time = CASE WHEN h.outcome = 3 THEN h.end_time ELSE m.sent_time END, subject = coalesce(h.subject, m.subject)
  FROM held h
  WHERE m.project_id = h.project_id AND m.message_id = h.message_id
),${tellOf('held', 'state <> 0')}
SELECT (i - 1)::int4 AS index FROM generate_series(1, cardinality($1::uuid[])) AS i
WHERE cardinality($1::uuid[]) <> (SELECT count(*) FROM held) AND NOT EXISTS (SELECT FROM held WHERE held.ord = i)`

/** A definite answer that came after the attempt had been settled as unknown. */
export interface LateWord {
  projectId: string
  messageId: string
  attempt: number
  /** 3 accepted, 4 rejected_permanent, 5 rejected_transient. */
  outcome: AttemptOutcome
  endMs: number
  detail: string | null
  reply: string | null
  /** uuid of the note that tells of it. */
  noteId: string
}

/**
 * Takes in what a worker learnt too late: the attempt's row stays as it is, and a note says what came after.
 *
 * Where nobody has acted on the doubt yet, the truth ends it: a parked message becomes sent or failed, and one that
 * waits for its resend becomes sent, so that no second one goes out. Where a later attempt has begun, only the note is
 * written: the message is flagged as a possible duplicate already.
 *
 * @returns the ids of messages that it decided.
 */
export async function recordLateWords(tx: Tx, words: readonly LateWord[]): Promise<string[]> {
  const { rows } = await tx.query<{ messageId: string }>({
    name: 'notify.deliver.late',
    text: LATE,
    values: [
      plainArray(words.map((w) => w.projectId)),
      plainArray(words.map((w) => w.messageId)),
      plainArray(words.map((w) => w.attempt)),
      plainArray(words.map((w) => w.outcome)),
      plainArray(words.map((w) => w.endMs / 1000)),
      words.map((w) => w.detail),
      words.map((w) => w.reply),
      plainArray(words.map((w) => w.noteId)),
    ],
  })
  return rows.map((row) => row.messageId)
}

const LATE = `
WITH w AS MATERIALIZED (
  SELECT project_id, message_id, attempt, outcome, to_timestamp(end_s) AS end_time, detail, reply, note_id,
    CASE outcome WHEN 3 THEN 5 WHEN 4 THEN 13 ELSE 0 END AS state
  FROM unnest($1::uuid[], $2::uuid[], $3::int4[], $4::int2[], $5::float8[], $6::text[], $7::text[], $8::uuid[])
    AS w (project_id, message_id, attempt, outcome, end_s, detail, reply, note_id)
),
withdrawn AS (
  DELETE FROM notify.delivery_queue q USING w
  WHERE w.state = 5 AND q.project_id = w.project_id AND q.message_id = w.message_id
    AND q.lease_epoch = w.attempt AND q.lease_owner IS NULL
  RETURNING q.project_id, q.message_id
),
notes AS (
  INSERT INTO notify.message_notes (project_id, message_id, note_id, kind, actor, title, detail)
  SELECT w.project_id, w.message_id, w.note_id, 9, 'worker',
    'Attempt ' || w.attempt || CASE w.outcome WHEN 3 THEN ' was accepted after all' ELSE ' was refused after all' END,
    w.reply
  FROM w
  WHERE EXISTS (SELECT FROM notify.delivery_attempts a
    WHERE a.project_id = w.project_id AND a.message_id = w.message_id AND a.attempt = w.attempt AND a.outcome = 6)
),
decided AS (
  UPDATE notify.messages m
  SET state = w.state, status_detail = w.detail, update_time = w.end_time,
    sent_time = CASE WHEN w.outcome = 3 THEN w.end_time ELSE m.sent_time END
  FROM w
  WHERE w.state <> 0 AND m.project_id = w.project_id AND m.message_id = w.message_id AND m.attempt_count = w.attempt
    AND (w.state = 5 OR NOT m.possible_duplicate)
    AND (m.state = 14 OR (m.state = 1 AND EXISTS (SELECT FROM withdrawn d WHERE d.message_id = m.message_id)))
  RETURNING m.project_id, m.message_id
),${tellOf('decided', 'true')}
SELECT message_id AS "messageId" FROM decided`
