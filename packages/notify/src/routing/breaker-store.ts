import type { Executor } from '@mainstay/kernel'

/** 1 closed, 2 open, 3 half open: as it is stored. */
export type BreakerState = 1 | 2 | 3

/** A breaker as all processes see it. */
export interface BreakerRow {
  accountId: string
  /** Grows with every change. */
  epoch: number
  state: BreakerState
  /** How often it was opened in a row. */
  times: number
  untilMs: number
  /** Half open: the worker that sends one message, to see. */
  holder: string | null
  reason: string
}

const COLUMNS = `provider_account_id AS "accountId", epoch::float8 AS epoch, state, times,
  (extract(epoch FROM until_time) * 1000)::float8 AS "untilMs", holder, reason`

export async function listBreakers(executor: Executor, projectId: string): Promise<BreakerRow[]> {
  const { rows } = await executor.query<BreakerRow>({
    name: 'notify.routing.breakers',
    text: `SELECT ${COLUMNS} FROM notify.provider_breakers WHERE project_id = $1`,
    values: [projectId],
  })
  return rows
}

/**
 * Changes a breaker if it is as the caller knows it: of all who see an account fail, one writes.
 *
 * @param known the epoch that the caller knows; 0: none was ever written.
 * @returns false when somebody else was first.
 */
export async function changeBreaker(
  executor: Executor,
  projectId: string,
  known: number,
  next: Omit<BreakerRow, 'epoch'>,
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await executor.query({
    name: 'notify.routing.change_breaker',
    text: `
      INSERT INTO notify.provider_breakers AS b
        (project_id, provider_account_id, epoch, state, times, until_time, holder, reason, change_time)
      VALUES ($1, $2, $3::bigint + 1, $4, $5, to_timestamp($6), $7, $8, to_timestamp($9))
      ON CONFLICT (project_id, provider_account_id) DO UPDATE
      SET epoch = excluded.epoch, state = excluded.state, times = excluded.times, until_time = excluded.until_time,
        holder = excluded.holder, reason = excluded.reason, change_time = excluded.change_time
      WHERE b.epoch = $3`,
    values: [
      projectId,
      next.accountId,
      known,
      next.state,
      next.times,
      next.untilMs / 1000,
      next.holder,
      next.reason,
      nowMs / 1000,
    ],
  })
  return rowCount === 1
}
