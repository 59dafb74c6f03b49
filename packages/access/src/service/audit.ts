import { type Clock, type Executor, newId, type PageTokens, pageLimit, type Tx } from '@mainstay/kernel'
import { NO_PROJECT } from '../idempotency.ts'
import { type AuditEntryRow, insertAuditEntries, listAuditEntries } from '../store/audit-entries.ts'
import type { Act } from './act.ts'
import type { PageAsk } from './paging.ts'

export interface AuditEntry {
  /** The project's uuid, or `NO_PROJECT` for what concerns the whole installation. */
  projectId: string
  /** As a permission is written: `access.api_keys.revoke`. */
  action: string
  /** The id of what was changed: `key_…`. */
  resource: string
}

/**
 * Records a change in the transaction that makes it, so that there is neither a change without an entry nor an entry
 * without its change.
 */
export async function recordAudit(tx: Tx, clock: Clock, act: Act, entry: AuditEntry): Promise<void> {
  await recordAudits(tx, clock, [{ act, entry }])
}

/** The same of several changes that one transaction makes. */
export async function recordAudits(
  tx: Tx,
  clock: Clock,
  changes: readonly { act: Act; entry: AuditEntry }[],
): Promise<void> {
  await insertAuditEntries(
    tx,
    changes.map(({ act, entry }) => ({
      project_id: entry.projectId,
      audit_entry_id: newId(clock),
      create_time: clock.now(),
      actor: act.actor,
      action: entry.action,
      resource: entry.resource,
      request_id: act.requestId,
    })),
  )
}

/** A page of a project's entries, newest first; with those of the whole installation for an operator. */
export async function listAudit(
  executor: Executor,
  tokens: PageTokens,
  ask: PageAsk & { withInstallation: boolean },
): Promise<{ rows: AuditEntryRow[]; nextPageToken: string }> {
  const { projectId, withInstallation } = ask
  const scope = { method: ask.method, projectId, filter: { withInstallation } }
  const limit = pageLimit(ask.pageSize)
  const [beforeId] = tokens.read(scope, ask.pageToken) ?? []
  const rows = await listAuditEntries(executor, {
    projectIds: withInstallation ? [projectId, NO_PROJECT] : [projectId],
    beforeId: beforeId as string | undefined,
    limit: limit + 1,
  })
  return tokens.cut(scope, rows, limit, (last) => [last.audit_entry_id])
}
