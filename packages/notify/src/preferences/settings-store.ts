import type { Executor, Tx } from '@mainstay/kernel'
import type { QuietWindow } from './windows.ts'

/** A project's quiet hours and caps, as they are stored. */
export interface ContactSettingsRow {
  timezone: string
  quiet_windows: QuietWindow[]
  /** Of the contract's MessageClass. */
  quiet_exempt_classes: number[]
  /** 0: no limit. */
  day_cap: number
  week_cap: number
  revision: number
  update_time: Date
}

export type ContactSettingsDraft = Omit<ContactSettingsRow, 'revision' | 'update_time'>

const COLUMNS = 'timezone, quiet_windows, quiet_exempt_classes, day_cap, week_cap, revision, update_time'

/** Undefined: nothing was ever decided. */
export async function findContactSettings(
  executor: Executor,
  projectId: string,
): Promise<ContactSettingsRow | undefined> {
  const { rows } = await executor.query<ContactSettingsRow>({
    text: `SELECT ${COLUMNS} FROM notify.contact_settings WHERE project_id = $1`,
    values: [projectId],
  })
  return rows[0]
}

/** Makes the row if there is none, and holds it until the transaction ends. */
export async function lockContactSettings(tx: Tx, projectId: string, now: Date): Promise<ContactSettingsRow> {
  await tx.query({
    text: 'INSERT INTO notify.contact_settings (project_id, update_time) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    values: [projectId, now],
  })
  const { rows } = await tx.query<ContactSettingsRow>({
    text: `SELECT ${COLUMNS} FROM notify.contact_settings WHERE project_id = $1 FOR UPDATE`,
    values: [projectId],
  })
  const [row] = rows
  if (row === undefined) throw new Error('The row of contact settings is gone')
  return row
}

/** The row is locked by the caller. */
export async function updateContactSettings(
  tx: Tx,
  projectId: string,
  draft: ContactSettingsDraft,
  now: Date,
): Promise<ContactSettingsRow> {
  const { rows } = await tx.query<ContactSettingsRow>({
    text: `UPDATE notify.contact_settings
      SET timezone = $2, quiet_windows = $3, quiet_exempt_classes = $4, day_cap = $5, week_cap = $6,
        revision = revision + 1, update_time = $7
      WHERE project_id = $1 RETURNING ${COLUMNS}`,
    values: [
      projectId,
      draft.timezone,
      JSON.stringify(draft.quiet_windows),
      draft.quiet_exempt_classes,
      draft.day_cap,
      draft.week_cap,
      now,
    ],
  })
  return rows[0] as ContactSettingsRow
}
