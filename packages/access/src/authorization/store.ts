import type { Executor, Tx } from '@mainstay/kernel'

export interface RoleRow {
  role: string
  display_name: string
  permissions: string[]
  version: number
  update_time: Date
}

export interface AssignmentRow {
  subject: string
  role: string
  resource: string
  create_time: Date
  expire_time: Date | null
}

export interface PolicyRow {
  policy: string
  version: number
  text: string
  actions: string[] | null
  examples: unknown
  actor: string
  create_time: Date
  active_version: number
  shadow_version: number
}

export async function upsertPermissions(
  tx: Tx,
  projectId: string,
  permissions: readonly { permission: string; description: string }[],
): Promise<void> {
  await tx.query({
    text: `INSERT INTO access.permissions (project_id, permission, description)
           SELECT $1, * FROM unnest($2::text[], $3::text[])
           ON CONFLICT (project_id, permission) DO UPDATE SET description = excluded.description`,
    values: [
      projectId,
      permissions.map(({ permission }) => permission),
      permissions.map(({ description }) => description),
    ],
  })
}

export async function listPermissions(executor: Executor, projectId: string) {
  const { rows } = await executor.query<{ permission: string; description: string }>({
    text: 'SELECT permission, description FROM access.permissions WHERE project_id = $1 ORDER BY permission',
    values: [projectId],
  })
  return rows
}

/** Makes a role or its next version; the versions of one role take turns at its row. */
export async function upsertRole(
  tx: Tx,
  projectId: string,
  role: Pick<RoleRow, 'role' | 'display_name' | 'permissions'>,
  now: Date,
): Promise<RoleRow> {
  const { rows } = await tx.query<RoleRow>({
    text: `INSERT INTO access.roles AS r (project_id, role, display_name, permissions, version, update_time)
           VALUES ($1, $2, $3, $4, 1, $5)
           ON CONFLICT (project_id, role) DO UPDATE SET display_name = excluded.display_name, permissions = excluded.permissions,
             version = r.version + 1, update_time = excluded.update_time
           RETURNING role, display_name, permissions, version, update_time`,
    values: [projectId, role.role, role.display_name, role.permissions, now],
  })
  const [row] = rows
  if (row === undefined) throw new TypeError('An upsert returns its row')
  await tx.query({
    text: `INSERT INTO access.role_versions (project_id, role, version, permissions, create_time) VALUES ($1, $2, $3, $4, $5)`,
    values: [projectId, row.role, row.version, row.permissions, now],
  })
  return row
}

export async function listRoles(executor: Executor, projectId: string): Promise<RoleRow[]> {
  const { rows } = await executor.query<RoleRow>({
    name: 'access.list_roles',
    text: `SELECT role, display_name, permissions, version, update_time FROM access.roles WHERE project_id = $1 ORDER BY role`,
    values: [projectId],
  })
  return rows
}

export async function deleteRole(tx: Tx, projectId: string, role: string): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: 'DELETE FROM access.roles WHERE project_id = $1 AND role = $2',
    values: [projectId, role],
  })
  return rowCount === 1
}

export async function upsertAssignment(
  tx: Tx,
  projectId: string,
  row: AssignmentRow,
): Promise<AssignmentRow | undefined> {
  const { rows } = await tx.query<AssignmentRow>({
    text: `INSERT INTO access.role_assignments AS a (project_id, subject, role, resource, create_time, expire_time)
           SELECT $1, $2, role, $4, $5, $6 FROM access.roles WHERE project_id = $1 AND role = $3
           ON CONFLICT (project_id, subject, role, resource) DO UPDATE SET expire_time = excluded.expire_time
           RETURNING a.subject, a.role, a.resource, a.create_time, a.expire_time`,
    values: [projectId, row.subject, row.role, row.resource, row.create_time, row.expire_time],
  })
  return rows[0]
}

export async function deleteAssignment(
  tx: Tx,
  projectId: string,
  which: Pick<AssignmentRow, 'subject' | 'role' | 'resource'>,
): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `DELETE FROM access.role_assignments WHERE project_id = $1 AND subject = $2 AND role = $3 AND resource = $4`,
    values: [projectId, which.subject, which.role, which.resource],
  })
  return rowCount === 1
}

export async function listAssignments(
  executor: Executor,
  projectId: string,
  subject: string,
): Promise<AssignmentRow[]> {
  const { rows } = await executor.query<AssignmentRow>({
    name: 'access.list_assignments',
    text: `SELECT subject, role, resource, create_time, expire_time FROM access.role_assignments
           WHERE project_id = $1 AND subject = $2 ORDER BY role, resource LIMIT 1000`,
    values: [projectId, subject],
  })
  return rows
}

const POLICY_COLUMNS = `p.policy, p.version, p.text, p.actions, p.examples, p.actor, p.create_time,
  coalesce(m.active_version, 0) AS active_version, coalesce(m.shadow_version, 0) AS shadow_version`
const WITH_MODE = 'LEFT JOIN access.policy_modes m ON m.project_id = p.project_id AND m.policy = p.policy'

/** The next version of a policy. Two who store one at the same time get one after the other. */
export async function insertPolicy(
  tx: Tx,
  projectId: string,
  row: Pick<PolicyRow, 'policy' | 'text' | 'actions' | 'actor' | 'create_time'> & { examples: string },
): Promise<number> {
  await tx.query({
    text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))',
    values: [`access.policies/${projectId}/${row.policy}`],
  })
  const { rows } = await tx.query<{ version: number }>({
    text: `INSERT INTO access.policies (project_id, policy, version, text, actions, examples, actor, create_time)
           SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5::jsonb, $6, $7 FROM access.policies
           WHERE project_id = $1 AND policy = $2 RETURNING version`,
    values: [projectId, row.policy, row.text, row.actions, row.examples, row.actor, row.create_time],
  })
  return rows[0]?.version ?? 0
}

/** All versions of one policy, newest first; or the newest of each. */
export async function listPolicies(
  executor: Executor,
  projectId: string,
  policy: string | undefined,
): Promise<PolicyRow[]> {
  const { rows } = await executor.query<PolicyRow>({
    text:
      policy === undefined
        ? `SELECT DISTINCT ON (p.policy) ${POLICY_COLUMNS} FROM access.policies p ${WITH_MODE}
           WHERE p.project_id = $1 ORDER BY p.policy, p.version DESC LIMIT 500`
        : `SELECT ${POLICY_COLUMNS} FROM access.policies p ${WITH_MODE}
           WHERE p.project_id = $1 AND p.policy = $2 ORDER BY p.version DESC LIMIT 500`,
    values: policy === undefined ? [projectId] : [projectId, policy],
  })
  return rows
}

/** The versions that count: those that decide, and those that are watched. */
export async function listCountingPolicies(executor: Executor, projectId: string): Promise<PolicyRow[]> {
  const { rows } = await executor.query<PolicyRow>({
    name: 'access.list_counting_policies',
    text: `SELECT ${POLICY_COLUMNS} FROM access.policy_modes m JOIN access.policies p ON p.project_id = m.project_id
             AND p.policy = m.policy AND p.version IN (m.active_version, m.shadow_version)
           WHERE m.project_id = $1 ORDER BY p.policy, p.version`,
    values: [projectId],
  })
  return rows
}

export async function upsertMode(
  tx: Tx,
  projectId: string,
  mode: { policy: string; active: number; shadow: number },
  now: Date,
): Promise<void> {
  await tx.query({
    text: `INSERT INTO access.policy_modes (project_id, policy, active_version, shadow_version, update_time) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (project_id, policy) DO UPDATE SET active_version = excluded.active_version,
             shadow_version = excluded.shadow_version, update_time = excluded.update_time`,
    values: [projectId, mode.policy, mode.active, mode.shadow, now],
  })
}

export async function findSchema(executor: Executor, projectId: string): Promise<string> {
  const { rows } = await executor.query<{ text: string }>({
    text: 'SELECT text FROM access.policy_schemas WHERE project_id = $1',
    values: [projectId],
  })
  return rows[0]?.text ?? ''
}

export async function upsertSchema(tx: Tx, projectId: string, text: string, now: Date): Promise<void> {
  await tx.query({
    text: `INSERT INTO access.policy_schemas (project_id, text, update_time) VALUES ($1, $2, $3)
           ON CONFLICT (project_id) DO UPDATE SET text = excluded.text, update_time = excluded.update_time`,
    values: [projectId, text, now],
  })
}

export interface ShadowRow {
  project_id: string
  result_id: string
  subject: string
  action: string
  resource: string
  allowed: boolean
  shadow_allowed: boolean
  policies: string[]
}

export async function insertShadowResults(executor: Executor, rows: readonly ShadowRow[]): Promise<void> {
  await executor.query({
    text: `INSERT INTO access.shadow_results SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (project_id uuid, result_id uuid,
             subject text, action text, resource text, allowed boolean, shadow_allowed boolean, policies text[])
           ON CONFLICT DO NOTHING`,
    values: [JSON.stringify(rows)],
  })
}

/** Newest first, from just before one. */
export async function listShadowResults(
  executor: Executor,
  page: { projectId: string; beforeId: string | undefined; limit: number },
): Promise<ShadowRow[]> {
  const { rows } = await executor.query<ShadowRow>({
    text: `SELECT project_id, result_id, subject, action, resource, allowed, shadow_allowed, policies FROM access.shadow_results
           WHERE project_id = $1 AND result_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
           ORDER BY result_id DESC LIMIT $3`,
    values: [page.projectId, page.beforeId, page.limit],
  })
  return rows
}

export async function deleteShadowResults(executor: Executor, beforeId: string): Promise<void> {
  await executor.query({ text: 'DELETE FROM access.shadow_results WHERE result_id < $1', values: [beforeId] })
}
