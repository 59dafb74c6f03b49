import type { Executor } from '@mainstay/kernel'

export interface TemplateRow {
  name: string
  version: number
  subject: string
  text_body: string
  html_body: string
  create_time: Date
}

const COLUMNS = 'name, version, subject, text_body, html_body, create_time'

/** Adds the next version. The caller holds the template's lock, so that no two get the same number. */
export async function insertVersion(
  executor: Executor,
  projectId: string,
  row: Omit<TemplateRow, 'version'>,
): Promise<TemplateRow> {
  const { rows } = await executor.query<TemplateRow>({
    name: 'notify.template.insert',
    text: `
      INSERT INTO notify.templates (project_id, name, version, subject, text_body, html_body, create_time)
      SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6
      FROM notify.templates WHERE project_id = $1 AND name = $2
      RETURNING ${COLUMNS}`,
    values: [projectId, row.name, row.subject, row.text_body, row.html_body, row.create_time],
  })
  return rows[0] as TemplateRow
}

/** Makes writers of one template wait for each other until their commits; readers do not wait. */
export async function lockTemplate(executor: Executor, projectId: string, name: string): Promise<void> {
  await executor.query({
    name: 'notify.template.lock',
    text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))',
    values: [`notify.templates/${projectId}/${name}`],
  })
}

/** One version, or the newest for version 0. */
export async function findTemplate(
  executor: Executor,
  projectId: string,
  name: string,
  version: number,
): Promise<TemplateRow | undefined> {
  const { rows } = await executor.query<TemplateRow>({
    name: 'notify.template.find',
    text: `
      SELECT ${COLUMNS} FROM notify.templates
      WHERE project_id = $1 AND name = $2 AND ($3 = 0 OR version = $3)
      ORDER BY version DESC LIMIT 1`,
    values: [projectId, name, version],
  })
  return rows[0]
}

/** The newest version of each template whose name follows `after`. */
export async function listTemplates(
  executor: Executor,
  projectId: string,
  after: string,
  limit: number,
): Promise<TemplateRow[]> {
  const { rows } = await executor.query<TemplateRow>({
    name: 'notify.template.list',
    text: `
      SELECT DISTINCT ON (name) ${COLUMNS} FROM notify.templates
      WHERE project_id = $1 AND name > $2
      ORDER BY name, version DESC LIMIT $3`,
    values: [projectId, after, limit],
  })
  return rows
}
