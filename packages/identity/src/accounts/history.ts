import { type AuditEntryRow, listAuditEntriesOf } from '@mainstay/access'
import { type Db, type PageTokens, pageLimit, toTypeId } from '@mainstay/kernel'
import { listSessions } from '../sessions/store.ts'
import type { Accounts } from './service.ts'

export interface HistoryDeps {
  db: Db
  pageTokens: PageTokens
  accounts: Pick<Accounts, 'get'>
}

/** How far back sessions are looked at: what was done to an older one is in the project's audit. */
const MOST_SESSIONS = 200

/** What was done to an account and to its newest sessions, newest first. */
export function createHistory({ db, pageTokens, accounts }: HistoryDeps) {
  return {
    /** Throws `identity.account_not_found`. */
    async list(ask: {
      method: string
      projectId: string
      accountId: string
      pageSize: number
      pageToken: string
    }): Promise<{ rows: AuditEntryRow[]; nextPageToken: string }> {
      const { projectId, accountId } = ask
      await accounts.get(projectId, accountId)
      const scope = { method: ask.method, projectId, filter: { accountId } }
      const limit = pageLimit(ask.pageSize)
      const [beforeId] = pageTokens.read(scope, ask.pageToken) ?? []
      const sessions = { projectId, accountId, beforeId: undefined, limit: MOST_SESSIONS }
      const ids = (await listSessions(db, sessions)).map(({ session_id }) => toTypeId('asn', session_id))
      const rows = await listAuditEntriesOf(db, {
        projectId,
        resources: [toTypeId('acc', accountId), ...ids],
        beforeId: beforeId as string | undefined,
        limit: limit + 1,
      })
      return pageTokens.cut(scope, rows, limit, (last) => [last.audit_entry_id])
    },
  }
}
