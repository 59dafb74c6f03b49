import type { Executor } from '@mainstay/kernel'
import { MessageState } from '@mainstay/proto/notify/v1'
import { tellOf } from '../deliver/batch-sql.ts'

export interface Decision {
  projectId: string
  messageId: string
  nowMs: number
  /** uuid of the note that tells of it. */
  noteId: string
  /** Who decided: the id of a key or an operator. */
  actor: string
}

/**
 * Takes a message out of the queue unless a worker holds it, and marks it cancelled, in one statement: a worker that
 * locked the row first makes this wait, and then find it leased.
 *
 * Where an earlier attempt's answer was lost and the message waits to be sent again, cancelling cannot make it unsent:
 * it becomes unknown, not cancelled.
 *
 * @returns false when it is not in the queue, or a worker holds it.
 */
export async function cancelQueued(executor: Executor, decision: Decision): Promise<boolean> {
  const { rowCount } = await executor.query({ text: CANCEL, values: valuesOf(decision) })
  return rowCount > 0
}

const CANCEL = `
WITH gone AS (
  DELETE FROM notify.delivery_queue
  WHERE project_id = $1 AND message_id = $2 AND lease_owner IS NULL
  RETURNING project_id, message_id
),
doubt AS (
  SELECT EXISTS (
    SELECT FROM notify.delivery_attempts WHERE project_id = $1 AND message_id = $2 AND outcome = 6) AS lost
),
changed AS (
  UPDATE notify.messages m
  SET state = CASE WHEN doubt.lost THEN ${MessageState.UNKNOWN} ELSE ${MessageState.CANCELLED} END,
    status_detail = CASE WHEN doubt.lost
      THEN 'Cancelled while it waited to be sent again: an earlier attempt may have reached the recipient'
      ELSE 'Cancelled before it was sent' END,
    update_time = $3
  FROM gone, doubt
  WHERE m.project_id = $1 AND m.message_id = $2 AND m.state = ${MessageState.ACCEPTED}
),
note AS (
  INSERT INTO notify.message_notes (project_id, message_id, note_id, kind, actor, title)
  SELECT project_id, message_id, $4::uuid, 1, $5::text, 'Cancelled' FROM gone
),${tellOf('gone', 'true')}
SELECT FROM gone`

/** Ends a message of unknown outcome as sent or as failed. False when its outcome is not unknown (any more). */
export async function settleUnknown(
  executor: Executor,
  decision: Decision,
  state: MessageState.SENT | MessageState.FAILED,
): Promise<boolean> {
  const sent = state === MessageState.SENT
  const { rowCount } = await executor.query({
    text: SETTLE,
    values: [
      ...valuesOf(decision),
      state,
      sent ? null : 'Its outcome was unknown; decided by hand: it was not sent',
      sent ? 2 : 3,
      sent ? 'Decided: it was sent' : 'Decided: it was not sent',
    ],
  })
  return rowCount > 0
}

const SETTLE = `
WITH changed AS (
  UPDATE notify.messages SET state = $6::int2, status_detail = $7::text, update_time = $3
  WHERE project_id = $1 AND message_id = $2 AND state = ${MessageState.UNKNOWN}
  RETURNING project_id, message_id
),
note AS (
  INSERT INTO notify.message_notes (project_id, message_id, note_id, kind, actor, title)
  SELECT project_id, message_id, $4::uuid, $8::int2, $5::text, $9::text FROM changed
),${tellOf('changed', 'true')}
SELECT FROM changed`

/**
 * Puts a message of unknown outcome back into the queue. It gets as long as it had at first, counted from now; its
 * fencing tokens go on after those it used, and its account is preferred again, since only that provider could
 * recognise the second message as the first.
 *
 * @returns false when its outcome is not unknown (any more).
 */
export async function requeueUnknown(executor: Executor, decision: Decision): Promise<boolean> {
  const { rowCount } = await executor.query({ text: REQUEUE, values: valuesOf(decision) })
  return rowCount > 0
}

const REQUEUE = `
WITH changed AS (
  UPDATE notify.messages
  SET state = ${MessageState.ACCEPTED}, status_detail = NULL, possible_duplicate = true, update_time = $3,
    expire_time = $3::timestamptz + (expire_time - send_time)
  WHERE project_id = $1 AND message_id = $2 AND state = ${MessageState.UNKNOWN}
  RETURNING project_id, message_id, class, expire_time, attempt_count, provider_account_id
),
queue AS (
  INSERT INTO notify.delivery_queue
    (project_id, message_id, lane, due_time, expire_time, lease_epoch, provider_account_id)
  SELECT project_id, message_id, class, $3, expire_time, attempt_count, provider_account_id FROM changed
),
note AS (
  INSERT INTO notify.message_notes (project_id, message_id, note_id, kind, actor, title)
  SELECT project_id, message_id, $4::uuid, 4, $5::text, 'Decided: send it again' FROM changed
),${tellOf('changed', 'false')}
SELECT FROM changed`

function valuesOf({ projectId, messageId, nowMs, noteId, actor }: Decision): unknown[] {
  return [projectId, messageId, new Date(nowMs), noteId, actor]
}
