import type { Executor } from '@mainstay/kernel'
import type { AuditEntryRow } from './audit-entries.ts'

/**
 * What was done to any of `resources` of a project, newest first, from just before one. For a capability that shows the history
 * of its own things.
 */
export async function listAuditEntriesOf(
  executor: Executor,
  page: { projectId: string; resources: readonly string[]; beforeId: string | undefined; limit: number },
): Promise<AuditEntryRow[]> {
  // One index range a resource, each cut to the page.
  const { rows } = await executor.query<AuditEntryRow>({
    text: `SELECT e.* FROM unnest($2::text[]) AS wanted (resource)
           CROSS JOIN LATERAL (
             SELECT audit_entry_id, create_time, actor, action, resource, request_id FROM access.audit_entries
             WHERE project_id = $1 AND resource = wanted.resource
               AND audit_entry_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
             ORDER BY audit_entry_id DESC LIMIT $4
           ) e
           ORDER BY e.audit_entry_id DESC LIMIT $4`,
    values: [page.projectId, page.resources, page.beforeId ?? null, page.limit],
  })
  return rows
}
