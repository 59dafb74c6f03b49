import type { Executor, Tx } from '@mainstay/kernel'

/** Something that an application enqueued, held by this transaction. */
export interface EnqueuedRow {
  projectId: string
  enqueuedId: string
  live: boolean
  /** A SendNotificationRequest as JSON text. */
  request: string
  actor: string
  tries: number
}

/** Locks what is due, oldest first, skipping what other processes hold. */
export async function pickEnqueued(tx: Tx, nowMs: number, limit: number): Promise<EnqueuedRow[]> {
  const { rows } = await tx.query<EnqueuedRow>({
    name: 'notify.enqueue.pick',
    text: `
      SELECT project_id AS "projectId", enqueued_id AS "enqueuedId", live, request::text, actor, tries
      FROM notify.enqueued WHERE error_reason IS NULL AND due_time <= to_timestamp($1)
      ORDER BY due_time LIMIT $2 FOR UPDATE SKIP LOCKED`,
    values: [nowMs / 1000, limit],
  })
  return rows
}

export async function deleteEnqueued(tx: Tx, rows: readonly EnqueuedRow[]): Promise<void> {
  await tx.query({
    name: 'notify.enqueue.delete',
    text: `
      DELETE FROM notify.enqueued e USING unnest($1::uuid[], $2::uuid[]) AS d (project_id, enqueued_id)
      WHERE e.project_id = d.project_id AND e.enqueued_id = d.enqueued_id`,
    values: [rows.map((row) => row.projectId), rows.map((row) => row.enqueuedId)],
  })
}

export async function postponeEnqueued(tx: Tx, row: EnqueuedRow, dueMs: number): Promise<void> {
  await tx.query({
    text: `UPDATE notify.enqueued SET due_time = to_timestamp($3), tries = tries + 1
      WHERE project_id = $1 AND enqueued_id = $2`,
    values: [row.projectId, row.enqueuedId, dueMs / 1000],
  })
}

export async function failEnqueued(
  tx: Tx,
  row: EnqueuedRow,
  error: { reason: string; detail: string },
): Promise<void> {
  await tx.query({
    text: `UPDATE notify.enqueued SET error_reason = $3, error_detail = $4, tries = tries + 1
      WHERE project_id = $1 AND enqueued_id = $2`,
    values: [row.projectId, row.enqueuedId, error.reason, error.detail],
  })
}

/** When the next one is due, in milliseconds since 1970; undefined when none waits. */
export async function nextEnqueuedDueMs(executor: Executor): Promise<number | undefined> {
  const { rows } = await executor.query<{ dueMs: number | null }>({
    name: 'notify.enqueue.next',
    text: `SELECT (extract(epoch FROM min(due_time)) * 1000)::float8 AS "dueMs"
      FROM notify.enqueued WHERE error_reason IS NULL`,
  })
  return rows[0]?.dueMs ?? undefined
}
