import type { Executor } from '@mainstay/kernel'

export interface RecipientRow {
  recipient_id: string
  email: string | null
  display_name: string | null
  phone: string | null
  locale: string | null
  timezone: string | null
  attributes: Record<string, unknown>
  create_time: Date
  update_time: Date
}

/** What is stored of a recipient; `attributes` as JSON. */
export type NewRecipient = Omit<RecipientRow, 'attributes' | 'create_time' | 'update_time'> & {
  attributes: string
}

/** The columns that a call may change, in the order of `NewRecipient`. */
export const RECIPIENT_FIELDS = [
  'email',
  'display_name',
  'phone',
  'locale',
  'timezone',
  'attributes',
] as const

export type RecipientField = (typeof RECIPIENT_FIELDS)[number]

export const RECIPIENT_COLUMNS =
  'r.recipient_id, r.email, r.display_name, r.phone, r.locale, r.timezone, r.attributes, r.create_time, r.update_time'

const REPLACED = RECIPIENT_FIELDS.map(
  (field) => `${field} = CASE WHEN '${field}' = ANY ($9::text[]) THEN excluded.${field} ELSE r.${field} END`,
).join(', ')

/**
 * Creates recipients, or changes these fields of those that there are; the first create time stays. One statement, whose rows
 * are locked in the order of their ids, so that calls with recipients in common wait for each other instead of deadlocking.
 *
 * @param rows no id twice.
 */
export async function upsertRecipients(
  executor: Executor,
  projectId: string,
  rows: readonly NewRecipient[],
  fields: readonly RecipientField[],
  now: Date,
): Promise<RecipientRow[]> {
  const stored = await executor.query<RecipientRow>({
    name: 'notify.recipients.upsert',
    text: `
      INSERT INTO notify.recipients AS r (project_id, recipient_id, email, display_name, phone, locale, timezone, attributes,
        create_time, update_time)
      SELECT $1, recipient_id, email, display_name, phone, locale, timezone, attributes::jsonb, $10, $10
      FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
        AS n (recipient_id, email, display_name, phone, locale, timezone, attributes)
      ORDER BY recipient_id
      ON CONFLICT (project_id, recipient_id) DO UPDATE SET ${REPLACED}, update_time = excluded.update_time
      RETURNING ${RECIPIENT_COLUMNS}`,
    values: [
      projectId,
      rows.map((row) => row.recipient_id),
      rows.map((row) => row.email),
      rows.map((row) => row.display_name),
      rows.map((row) => row.phone),
      rows.map((row) => row.locale),
      rows.map((row) => row.timezone),
      rows.map((row) => row.attributes),
      fields,
      now,
    ],
  })
  return stored.rows
}

export async function findRecipient(
  executor: Executor,
  projectId: string,
  recipientId: string,
): Promise<RecipientRow | undefined> {
  const { rows } = await executor.query<RecipientRow>({
    name: 'notify.recipients.find',
    text: `SELECT ${RECIPIENT_COLUMNS} FROM notify.recipients r WHERE r.project_id = $1 AND r.recipient_id = $2`,
    values: [projectId, recipientId],
  })
  return rows[0]
}

/** With endpoints and memberships, which go with it. @returns false when there is none. */
export async function deleteRecipient(
  executor: Executor,
  projectId: string,
  recipientId: string,
): Promise<boolean> {
  const { rows } = await executor.query({
    name: 'notify.recipients.delete',
    text: `DELETE FROM notify.recipients WHERE project_id = $1 AND recipient_id = $2 RETURNING recipient_id`,
    values: [projectId, recipientId],
  })
  return rows.length > 0
}
