import type { Executor, Tx } from '@mainstay/kernel'

export interface ProjectRow {
  project_id: string
  slug: string
  display_name: string
  create_time: Date
}

/** False when the slug is taken. */
export async function insertProject(tx: Tx, row: ProjectRow): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `INSERT INTO access.projects (project_id, slug, display_name, create_time) VALUES ($1, $2, $3, $4)
           ON CONFLICT (slug) DO NOTHING`,
    values: [row.project_id, row.slug, row.display_name, row.create_time],
  })
  return rowCount === 1
}

export async function findProject(executor: Executor, projectId: string): Promise<ProjectRow | undefined> {
  const { rows } = await executor.query<ProjectRow>({
    name: 'access.find_project',
    text: `SELECT project_id, slug, display_name, create_time FROM access.projects WHERE project_id = $1`,
    values: [projectId],
  })
  return rows[0]
}

export async function findProjectBySlug(executor: Executor, slug: string): Promise<ProjectRow | undefined> {
  const { rows } = await executor.query<ProjectRow>({
    text: `SELECT project_id, slug, display_name, create_time FROM access.projects WHERE slug = $1`,
    values: [slug],
  })
  return rows[0]
}

/** Oldest first, from just after a project. A default, not an OR: only so does a deep page start inside the index. */
export async function listProjects(
  executor: Executor,
  page: { afterId: string | undefined; limit: number },
): Promise<ProjectRow[]> {
  const { rows } = await executor.query<ProjectRow>({
    name: 'access.list_projects',
    text: `SELECT project_id, slug, display_name, create_time FROM access.projects
           WHERE project_id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000') ORDER BY project_id LIMIT $2`,
    values: [page.afterId, page.limit],
  })
  return rows
}
