import type { Executor, Tx } from '@mainstay/kernel'

export interface AuditEntryRow {
  audit_entry_id: string
  create_time: Date
  actor: string
  action: string
  resource: string
  request_id: string
}

export async function insertAuditEntry(tx: Tx, projectId: string, row: AuditEntryRow): Promise<void> {
  await tx.query({
    text: `INSERT INTO access.audit_entries (project_id, audit_entry_id, create_time, actor, action, resource, request_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    values: [
      projectId,
      row.audit_entry_id,
      row.create_time,
      row.actor,
      row.action,
      row.resource,
      row.request_id,
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
