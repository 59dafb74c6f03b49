import type { Executor, Tx } from '@mainstay/kernel'
import type { PickedRun } from './run.ts'

/** Locks runs that are due, oldest first, skipping what other workers hold. */
export async function pickRuns(tx: Tx, now: Date, limit: number): Promise<PickedRun[]> {
  const { rows } = await tx.query<PickedRun>({
    name: 'notify.workflow_runs.pick',
    text: `
      SELECT project_id AS "projectId", run_id AS "runId", live, workflow, version, recipient_id AS "recipientId", target,
        data, step, progress, made, item_count AS "itemCount", actor, trace_id AS "traceId"
      FROM notify.workflow_runs WHERE next_run_time <= $1
      ORDER BY next_run_time LIMIT $2 FOR UPDATE SKIP LOCKED`,
    values: [now, limit],
  })
  return rows
}

/** When the next run or window is due; undefined: none waits. */
export async function nextDueMs(executor: Executor): Promise<number | undefined> {
  const { rows } = await executor.query<{ dueMs: number | null }>({
    name: 'notify.workflow_runs.next',
    text: `
      SELECT (extract(epoch FROM least(
        (SELECT min(next_run_time) FROM notify.workflow_runs WHERE next_run_time IS NOT NULL),
        (SELECT min(close_time) FROM notify.workflow_windows WHERE NOT closed))) * 1000)::float8 AS "dueMs"`,
  })
  return rows[0]?.dueMs ?? undefined
}

export interface RecipientScope {
  projectId: string
  recipientId: string
  email: string | null
  phone: string | null
  displayName: string | null
  locale: string | null
  timezone: string | null
  attributes: Record<string, unknown>
}

/** What is known of recipients, as it is now. */
export async function findRecipients(
  executor: Executor,
  wanted: readonly { projectId: string; recipientId: string }[],
): Promise<RecipientScope[]> {
  if (wanted.length === 0) return []
  const { rows } = await executor.query<RecipientScope>({
    name: 'notify.workflow_runs.recipients',
    text: `
      SELECT r.project_id AS "projectId", r.recipient_id AS "recipientId", r.email, r.phone,
        r.display_name AS "displayName", r.locale, r.timezone, r.attributes
      FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::text[])) AS wanted (project_id, recipient_id)
      JOIN notify.recipients r ON r.project_id = wanted.project_id AND r.recipient_id = wanted.recipient_id`,
    values: [wanted.map((one) => one.projectId), wanted.map((one) => one.recipientId)],
  })
  return rows
}

/** What is in a digest, oldest first. */
export async function findItems(
  executor: Executor,
  projectId: string,
  windowId: string,
  limit: number,
): Promise<Record<string, unknown>[]> {
  const { rows } = await executor.query<{ data: Record<string, unknown> }>({
    name: 'notify.workflow_items.find',
    text: `
      SELECT data FROM notify.workflow_items WHERE project_id = $1 AND window_id = $2 ORDER BY item_id LIMIT $3`,
    values: [projectId, windowId, limit],
  })
  return rows.map(({ data }) => data)
}

/** Wakes the runs that wait for these messages. Returns how many. */
export async function wakeWaiting(
  executor: Executor,
  projectId: string,
  messageIds: readonly string[],
  now: Date,
): Promise<number> {
  const { rowCount } = await executor.query({
    name: 'notify.workflow_runs.wake',
    text: `
      UPDATE notify.workflow_runs r SET next_run_time = $3
      FROM notify.workflow_waits w
      WHERE w.project_id = $1 AND w.message_id = ANY ($2::uuid[])
        AND r.project_id = w.project_id AND r.run_id = w.run_id AND r.next_run_time > $3`,
    values: [projectId, messageIds, now],
  })
  return rowCount
}

/**
 * Wakes those of these runs whose messages have come further than accepted already: the word of it may have come before anybody
 * could see that they wait. Unnamed: planning prunes the partitions.
 */
export async function wakeOvertaken(
  executor: Executor,
  waits: readonly { projectId: string; runId: string; messageId: string }[],
  now: Date,
): Promise<number> {
  if (waits.length === 0) return 0
  const { rowCount } = await executor.query({
    text: `
      UPDATE notify.workflow_runs r SET next_run_time = $4
      FROM notify.workflow_waits w JOIN notify.messages m ON m.project_id = w.project_id AND m.message_id = w.message_id
      WHERE w.project_id = ANY ($1::uuid[]) AND w.message_id = ANY ($2::uuid[]) AND m.message_id = ANY ($2::uuid[])
        AND (m.state <> 1 OR m.seen_time IS NOT NULL)
        AND r.project_id = w.project_id AND r.run_id = w.run_id AND r.run_id = ANY ($3::uuid[]) AND r.next_run_time > $4`,
    values: [
      [...new Set(waits.map((one) => one.projectId))],
      waits.map((one) => one.messageId),
      waits.map((one) => one.runId),
      now,
    ],
  })
  return rowCount
}
