import type { Db } from '@mainstay/kernel'

/**
 * Closes windows whose time has come, and begins the run of each: one statement, so that a window has gone on if and only if it is
 * closed. The run's id is the window's, which is unique: there cannot be two.
 *
 * A window that somebody is adding to is passed over, and closed the next time.
 *
 * @returns how many.
 */
export async function closeWindows(db: Pick<Db, 'query'>, now: Date, limit: number): Promise<number> {
  const { rowCount } = await db.query({
    name: 'notify.workflow_windows.close',
    text: closing(`
      SELECT project_id, window_id FROM notify.workflow_windows
      WHERE NOT closed AND close_time <= $1 ORDER BY close_time LIMIT $2 FOR UPDATE SKIP LOCKED`),
    values: [now, limit],
  })
  return rowCount
}

/**
 * The same for the one that is the most overdue, if there is one: it waits in line with those who add to it, so that a key that
 * somebody is always adding to is closed all the same. One row at a time, so that it cannot deadlock with anybody.
 */
export async function closeOverdue(db: Pick<Db, 'query'>, now: Date, overdueMs: number): Promise<boolean> {
  const { rows } = await db.query<{ project_id: string; window_id: string }>({
    name: 'notify.workflow_windows.overdue',
    text: `
      SELECT project_id, window_id FROM notify.workflow_windows
      WHERE NOT closed AND close_time <= $1 ORDER BY close_time LIMIT 1`,
    values: [new Date(now.getTime() - overdueMs)],
  })
  const [overdue] = rows
  if (overdue === undefined) return false
  const { rowCount } = await db.query({
    name: 'notify.workflow_windows.close_one',
    text: closing(`
      SELECT project_id, window_id FROM notify.workflow_windows
      WHERE project_id = $2 AND window_id = $3 AND NOT closed AND close_time <= $1 FOR UPDATE`),
    values: [now, overdue.project_id, overdue.window_id],
  })
  return rowCount > 0
}

const closing = (due: string): string => `
WITH due AS MATERIALIZED (${due}
),
closed AS (
  UPDATE notify.workflow_windows w SET closed = true FROM due
  WHERE w.project_id = due.project_id AND w.window_id = due.window_id AND NOT w.closed
  RETURNING w.*
)
INSERT INTO notify.workflow_runs (project_id, run_id, live, workflow, version, recipient_id, target, data, step, item_count,
  actor, next_run_time, update_time)
SELECT project_id, window_id, live, workflow, version, recipient_id, target, data, next_step, item_count, actor, $1, $1
FROM closed`
