import type { Executor } from '@mainstay/kernel'

/** An account that messages of a channel and country go to whatever others cost. */
export interface Pin {
  /** Of the contract; 0: all of them. */
  channel: number
  /** ISO 3166-1 alpha-2; empty: all of them. */
  country: string
  /** uuid */
  account: string
  /** They wait for it when it cannot take them, instead of going to another. */
  exclusive: boolean
}

export interface SettingsRow {
  currency: string
  stopped: boolean
  stopReason: string
  pins: Pin[]
  updateTime: Date
}

/** Undefined: nothing was ever decided. */
export async function findSettings(executor: Executor, projectId: string): Promise<SettingsRow | undefined> {
  const { rows } = await executor.query<SettingsRow>({
    name: 'notify.routing.settings',
    text: `SELECT currency, stopped, stop_reason AS "stopReason", pins, update_time AS "updateTime"
      FROM notify.routing_settings WHERE project_id = $1`,
    values: [projectId],
  })
  return rows[0]
}

/** Makes the row if there is none, and holds it until the transaction ends, so that two changes come one after the other. */
export async function lockSettings(executor: Executor, projectId: string, now: Date): Promise<SettingsRow> {
  await executor.query({
    text: `INSERT INTO notify.routing_settings (project_id, update_time) VALUES ($1, $2)
      ON CONFLICT (project_id) DO NOTHING`,
    values: [projectId, now],
  })
  const { rows } = await executor.query<SettingsRow>({
    text: `SELECT currency, stopped, stop_reason AS "stopReason", pins, update_time AS "updateTime"
      FROM notify.routing_settings WHERE project_id = $1 FOR UPDATE`,
    values: [projectId],
  })
  const [row] = rows
  if (row === undefined) throw new Error('The row of routing settings is gone')
  return row
}

/** The row is locked by the caller. */
export async function updateSettings(executor: Executor, projectId: string, row: SettingsRow): Promise<void> {
  await executor.query({
    text: `UPDATE notify.routing_settings
      SET currency = $2, stopped = $3, stop_reason = $4, pins = $5, update_time = $6 WHERE project_id = $1`,
    values: [projectId, row.currency, row.stopped, row.stopReason, JSON.stringify(row.pins), row.updateTime],
  })
}

export async function hasCaps(executor: Executor, projectId: string): Promise<boolean> {
  const { rows } = await executor.query<{ found: boolean }>({
    name: 'notify.routing.has_caps',
    text: 'SELECT EXISTS (SELECT FROM notify.spend_caps WHERE project_id = $1) AS found',
    values: [projectId],
  })
  return rows[0]?.found ?? false
}
