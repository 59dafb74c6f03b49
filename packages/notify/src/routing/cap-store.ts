import type { Executor } from '@mainstay/kernel'

export interface SpendCapRow {
  /** Of the contract; 0: all of them. */
  channel: number
  country: string
  limitMicros: number
  /** Today. */
  spentMicros: number
}

const COLUMNS = `channel, country, daily_limit_micros::float8 AS "limitMicros",
  (CASE WHEN day >= (now() AT TIME ZONE 'UTC')::date THEN spent_micros ELSE 0 END)::float8 AS "spentMicros"`

export async function listCaps(executor: Executor, projectId: string): Promise<SpendCapRow[]> {
  const { rows } = await executor.query<SpendCapRow>({
    text: `SELECT ${COLUMNS} FROM notify.spend_caps WHERE project_id = $1 ORDER BY channel, country`,
    values: [projectId],
  })
  return rows
}

/** What was spent stays; alerts are told anew, since they are about another limit. */
export async function upsertCap(
  executor: Executor,
  projectId: string,
  cap: { channel: number; country: string; limitMicros: number },
  now: Date,
): Promise<SpendCapRow> {
  const { rows } = await executor.query<SpendCapRow>({
    text: `
      INSERT INTO notify.spend_caps (project_id, channel, country, daily_limit_micros, update_time)
      VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (project_id, channel, country) DO UPDATE
      SET daily_limit_micros = excluded.daily_limit_micros, alerted_percent = 0, update_time = excluded.update_time
      RETURNING ${COLUMNS}`,
    values: [projectId, cap.channel, cap.country, cap.limitMicros, now],
  })
  const [row] = rows
  if (row === undefined) throw new Error('A cap that was written is gone')
  return row
}

export async function deleteCap(
  executor: Executor,
  projectId: string,
  cap: { channel: number; country: string },
): Promise<void> {
  await executor.query({
    text: 'DELETE FROM notify.spend_caps WHERE project_id = $1 AND channel = $2 AND country = $3',
    values: [projectId, cap.channel, cap.country],
  })
}
