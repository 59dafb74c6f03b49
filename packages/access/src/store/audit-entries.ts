import type { Executor, Tx } from '@mainstay/kernel'

export interface AuditEntryRow {
  audit_entry_id: string
  create_time: Date
  actor: string
  action: string
  resource: string
  request_id: string
}

export async function insertAuditEntries(
  tx: Tx,
  rows: readonly (AuditEntryRow & { project_id: string })[],
): Promise<void> {
  await tx.query({
    name: 'access.insert_audit_entries',
    text: `INSERT INTO access.audit_entries (project_id, audit_entry_id, create_time, actor, action, resource, request_id)
           SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[])`,
    values: [
      rows.map(({ project_id }) => project_id),
      rows.map(({ audit_entry_id }) => audit_entry_id),
      rows.map(({ create_time }) => create_time),
      rows.map(({ actor }) => actor),
      rows.map(({ action }) => action),
      rows.map(({ resource }) => resource),
      rows.map(({ request_id }) => request_id),
    ],
  })
}

/** The entries of these projects together, newest first, from just before one. */
export async function listAuditEntries(
  executor: Executor,
  page: { projectIds: readonly string[]; beforeId: string | undefined; limit: number },
): Promise<AuditEntryRow[]> {
  // One index range a project, each cut to the page: `= ANY` alone would read all of them and sort.
  const { rows } = await executor.query<AuditEntryRow>({
    name: 'access.list_audit_entries',
    text: `SELECT e.* FROM unnest($1::uuid[]) AS wanted (project_id)
           CROSS JOIN LATERAL (
             SELECT audit_entry_id, create_time, actor, action, resource, request_id FROM access.audit_entries
             WHERE project_id = wanted.project_id AND audit_entry_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
             ORDER BY audit_entry_id DESC LIMIT $3
           ) e
           ORDER BY e.audit_entry_id DESC LIMIT $3`,
    values: [page.projectIds, page.beforeId, page.limit],
  })
  return rows
}
