import type { Executor } from '@mainstay/kernel'

export interface RecipientRow {
  recipient_id: string
  email: string | null
  display_name: string | null
  phone: string | null
  create_time: Date
  update_time: Date
}

const COLUMNS = 'recipient_id, email, display_name, phone, create_time, update_time'

/** Creates or replaces a recipient; the first create time stays. */
export async function upsertRecipient(
  executor: Executor,
  projectId: string,
  row: Pick<RecipientRow, 'recipient_id' | 'email' | 'display_name' | 'phone'>,
  now: Date,
): Promise<RecipientRow> {
  const { rows } = await executor.query<RecipientRow>({
    name: 'notify.recipient.upsert',
    text: `
      INSERT INTO notify.recipients (project_id, recipient_id, email, display_name, create_time, update_time, phone)
      VALUES ($1, $2, $3, $4, $5, $5, $6)
      ON CONFLICT (project_id, recipient_id) DO UPDATE
        SET email = excluded.email, display_name = excluded.display_name, phone = excluded.phone,
          update_time = excluded.update_time
      RETURNING ${COLUMNS}`,
    values: [projectId, row.recipient_id, row.email, row.display_name, now, row.phone],
  })
  return rows[0] as RecipientRow
}

export async function findRecipient(
  executor: Executor,
  projectId: string,
  recipientId: string,
): Promise<RecipientRow | undefined> {
  const { rows } = await executor.query<RecipientRow>({
    name: 'notify.recipient.find',
    text: `SELECT ${COLUMNS} FROM notify.recipients WHERE project_id = $1 AND recipient_id = $2`,
    values: [projectId, recipientId],
  })
  return rows[0]
}
