import type { Executor } from '@mainstay/kernel'

/** A version of a workflow as it is stored. */
export interface WorkflowRow {
  name: string
  version: number
  definition: Record<string, unknown>
  /** Null: it was published as JSON. */
  yaml: string | null
  step_count: number
  actor: string
  create_time: Date
}

/** A version without its definition, for lists. */
export interface ListedWorkflowRow extends Omit<WorkflowRow, 'definition' | 'yaml'> {
  description: string
  running_count: number
}

const COLUMNS = 'name, version, definition, yaml, step_count, actor, create_time'
const LISTED = `w.name, w.version, w.step_count, w.actor, w.create_time,
  coalesce(w.definition ->> 'description', '') AS description`

/** Makes publishers of one workflow wait for each other until their commits; readers do not wait. */
export async function lockWorkflow(executor: Executor, projectId: string, name: string): Promise<void> {
  await executor.query({
    name: 'notify.workflow.lock',
    text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))',
    values: [`notify.workflows/${projectId}/${name}`],
  })
}

/** One version, or the newest for version 0. */
export async function findWorkflow(
  executor: Executor,
  projectId: string,
  name: string,
  version: number,
): Promise<WorkflowRow | undefined> {
  const { rows } = await executor.query<WorkflowRow>({
    name: 'notify.workflow.find',
    text: `
      SELECT ${COLUMNS} FROM notify.workflows
      WHERE project_id = $1 AND name = $2 AND ($3 = 0 OR version = $3)
      ORDER BY version DESC LIMIT 1`,
    values: [projectId, name, version],
  })
  return rows[0]
}

/** The newest version, and whether this definition equals it. The caller holds the workflow's lock where that matters. */
export async function compareWithNewest(
  executor: Executor,
  projectId: string,
  name: string,
  definition: string,
): Promise<(WorkflowRow & { same: boolean }) | undefined> {
  const { rows } = await executor.query<WorkflowRow & { same: boolean }>({
    name: 'notify.workflow.compare',
    text: `
      SELECT ${COLUMNS}, definition::jsonb = $3::jsonb AS same FROM notify.workflows
      WHERE project_id = $1 AND name = $2 ORDER BY version DESC LIMIT 1`,
    values: [projectId, name, definition],
  })
  return rows[0]
}

export async function insertWorkflow(
  executor: Executor,
  projectId: string,
  row: Omit<WorkflowRow, 'definition'> & { definition: string },
): Promise<WorkflowRow> {
  const { rows } = await executor.query<WorkflowRow>({
    name: 'notify.workflow.insert',
    text: `
      INSERT INTO notify.workflows (project_id, name, version, definition, yaml, step_count, actor, create_time)
      VALUES ($1, $2, $3, $4::json, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
    values: [
      projectId,
      row.name,
      row.version,
      row.definition,
      row.yaml,
      row.step_count,
      row.actor,
      row.create_time,
    ],
  })
  return rows[0] as WorkflowRow
}

/** The newest version of each, by name, with how many runs of it are under way. */
export async function listWorkflows(
  executor: Executor,
  projectId: string,
  after: string,
  limit: number,
): Promise<ListedWorkflowRow[]> {
  const { rows } = await executor.query<ListedWorkflowRow>({
    name: 'notify.workflow.list',
    text: `
      SELECT ${LISTED}, coalesce(r.count, 0)::int4 AS running_count
      FROM (
        SELECT DISTINCT ON (name) * FROM notify.workflows
        WHERE project_id = $1 AND name > $2 ORDER BY name, version DESC LIMIT $3
      ) w
      LEFT JOIN LATERAL (
        SELECT count(*) FROM notify.workflow_runs r
        WHERE r.project_id = $1 AND r.workflow = w.name AND r.state = 1
      ) r ON true
      ORDER BY w.name`,
    values: [projectId, after, limit],
  })
  return rows
}

/** A workflow's versions before `before`, newest first. */
export async function listWorkflowVersions(
  executor: Executor,
  projectId: string,
  name: string,
  before: number,
  limit: number,
): Promise<ListedWorkflowRow[]> {
  const { rows } = await executor.query<ListedWorkflowRow>({
    name: 'notify.workflow.versions',
    text: `
      SELECT ${LISTED}, 0 AS running_count FROM notify.workflows w
      WHERE w.project_id = $1 AND w.name = $2 AND w.version < $3 ORDER BY w.version DESC LIMIT $4`,
    values: [projectId, name, before, limit],
  })
  return rows
}
