import type { Executor } from '@mainstay/kernel'

/** A version of a template as it is stored. */
export interface TemplateRow {
  name: string
  version: number
  subject: string
  text_body: string
  html_body: string
  channel: number
  kind: number
  default_locale: string
  /** Null: made by a program that knew only the three columns above, for a while during a release. */
  parts: Record<string, Record<string, unknown>> | null
  messages: Record<string, Record<string, string>> | null
  compiled: Record<string, string> | null
  uses: Record<string, number>
  actor: string
  create_time: Date
}

const COLUMNS = `name, version, subject, text_body, html_body, channel, kind, default_locale, parts, messages, compiled, uses,
  actor, create_time`

/** Adds the next version. The caller holds the template's lock, so that no two get the same number. */
export async function insertVersion(
  executor: Executor,
  projectId: string,
  row: Omit<TemplateRow, 'version'>,
): Promise<TemplateRow> {
  const { rows } = await executor.query<TemplateRow>({
    name: 'notify.template.insert',
    text: `
      INSERT INTO notify.templates (project_id, name, version, subject, text_body, html_body, channel, kind, default_locale,
        parts, messages, compiled, uses, actor, create_time)
      SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
      FROM notify.templates WHERE project_id = $1 AND name = $2
      RETURNING ${COLUMNS}`,
    values: [
      projectId,
      row.name,
      row.subject,
      row.text_body,
      row.html_body,
      row.channel,
      row.kind,
      row.default_locale,
      JSON.stringify(row.parts),
      JSON.stringify(row.messages),
      JSON.stringify(row.compiled),
      JSON.stringify(row.uses),
      row.actor,
      row.create_time,
    ],
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

/** Several at once; version 0 is the newest. Those that are not there are left out. */
export async function findTemplates(
  executor: Executor,
  projectId: string,
  wanted: readonly { name: string; version: number }[],
): Promise<TemplateRow[]> {
  if (wanted.length === 0) return []
  const { rows } = await executor.query<TemplateRow>({
    name: 'notify.template.find_all',
    text: `
      SELECT DISTINCT ON (t.name) ${COLUMNS.replaceAll(/\b(name|version)\b/g, 't.$1')}
      FROM unnest($2::text[], $3::int4[]) AS wanted (name, version)
      JOIN notify.templates t
        ON t.project_id = $1 AND t.name = wanted.name AND (wanted.version = 0 OR t.version = wanted.version)
      ORDER BY t.name, t.version DESC`,
    values: [projectId, wanted.map((one) => one.name), wanted.map((one) => one.version)],
  })
  return rows
}

export interface VersionRow {
  version: number
  create_time: Date
  actor: string
  locales: string[]
  uses: Record<string, number>
}

/** A template's versions before `before`, newest first, without what they say. */
export async function listVersions(
  executor: Executor,
  projectId: string,
  name: string,
  before: number,
  limit: number,
): Promise<VersionRow[]> {
  const { rows } = await executor.query<VersionRow>({
    name: 'notify.template.versions',
    text: `
      SELECT version, create_time, actor, uses,
        CASE WHEN parts IS NULL THEN ARRAY[default_locale] ELSE ARRAY(SELECT json_object_keys(parts) ORDER BY 1) END AS locales
      FROM notify.templates
      WHERE project_id = $1 AND name = $2 AND version < $3
      ORDER BY version DESC LIMIT $4`,
    values: [projectId, name, before, limit],
  })
  return rows
}
