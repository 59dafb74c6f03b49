import type { Executor } from '@mainstay/kernel'

export interface DraftRow {
  name: string
  revision: number
  channel: number
  kind: number
  default_locale: string
  parts: Record<string, Record<string, unknown>>
  messages: Record<string, Record<string, string>>
  update_time: Date
}

const COLUMNS = 'name, revision, channel, kind, default_locale, parts, messages, update_time'

/** Replaces the draft, or makes it. The caller holds the template's lock. */
export async function saveDraft(
  executor: Executor,
  projectId: string,
  row: Omit<DraftRow, 'revision'>,
): Promise<DraftRow> {
  const { rows } = await executor.query<DraftRow>({
    name: 'notify.template_draft.save',
    text: `
      INSERT INTO notify.template_drafts AS d
        (project_id, name, revision, channel, kind, default_locale, parts, messages, update_time)
      VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8)
      ON CONFLICT (project_id, name) DO UPDATE
        SET revision = d.revision + 1, channel = excluded.channel, kind = excluded.kind,
          default_locale = excluded.default_locale, parts = excluded.parts, messages = excluded.messages,
          update_time = excluded.update_time
      RETURNING ${COLUMNS}`,
    values: [
      projectId,
      row.name,
      row.channel,
      row.kind,
      row.default_locale,
      JSON.stringify(row.parts),
      JSON.stringify(row.messages),
      row.update_time,
    ],
  })
  return rows[0] as DraftRow
}

export async function findDraft(
  executor: Executor,
  projectId: string,
  name: string,
): Promise<DraftRow | undefined> {
  const { rows } = await executor.query<DraftRow>({
    name: 'notify.template_draft.find',
    text: `SELECT ${COLUMNS} FROM notify.template_drafts WHERE project_id = $1 AND name = $2`,
    values: [projectId, name],
  })
  return rows[0]
}

/** @returns whether there was one. */
export async function deleteDraft(executor: Executor, projectId: string, name: string): Promise<boolean> {
  const { rows } = await executor.query({
    name: 'notify.template_draft.delete',
    text: 'DELETE FROM notify.template_drafts WHERE project_id = $1 AND name = $2 RETURNING name',
    values: [projectId, name],
  })
  return rows.length > 0
}

/** The names of templates that follow `after`, those of which there is only a draft too. */
export async function listNames(
  executor: Executor,
  projectId: string,
  after: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await executor.query<{ name: string }>({
    name: 'notify.template_draft.names',
    text: `
      SELECT name FROM notify.templates WHERE project_id = $1 AND name > $2
      UNION
      SELECT name FROM notify.template_drafts WHERE project_id = $1 AND name > $2
      ORDER BY name LIMIT $3`,
    values: [projectId, after, limit],
  })
  return rows.map((row) => row.name)
}

/** The drafts of these templates. */
export async function findDrafts(
  executor: Executor,
  projectId: string,
  names: readonly string[],
): Promise<DraftRow[]> {
  const { rows } = await executor.query<DraftRow>({
    name: 'notify.template_draft.find_all',
    text: `SELECT ${COLUMNS} FROM notify.template_drafts WHERE project_id = $1 AND name = ANY ($2::text[])`,
    values: [projectId, names],
  })
  return rows
}
