import { listAuditEntriesOf } from '@mainstay/access'
import { type Db, toTypeId } from '@mainstay/kernel'
import { listSessions, type SessionRow } from '../sessions/store.ts'
import type { Accounts } from './service.ts'
import type { AccountWithIdentifiers } from './store.ts'

export type Exported =
  | { is: 'account'; row: AccountWithIdentifiers }
  | { is: 'session'; row: SessionRow }
  | { is: 'audit'; row: Awaited<ReturnType<typeof listAuditEntriesOf>>[number] }

const PAGE = 200

/** Everything that is kept of an account, in pages, so that one with many sessions takes no more memory than another. */
export async function* exportAccount(
  { db, accounts }: { db: Db; accounts: Pick<Accounts, 'get'> },
  which: { projectId: string; accountId: string },
): AsyncGenerator<Exported> {
  const { projectId, accountId } = which
  yield { is: 'account', row: await accounts.get(projectId, accountId) }
  const auditOf = async function* (resources: readonly string[]): AsyncGenerator<Exported> {
    for (let beforeId: string | undefined; ; ) {
      const rows = await listAuditEntriesOf(db, { projectId, resources, beforeId, limit: PAGE })
      for (const row of rows) yield { is: 'audit', row }
      if (rows.length < PAGE) return
      beforeId = rows.at(-1)?.audit_entry_id
    }
  }
  yield* auditOf([toTypeId('acc', accountId)])
  for (let beforeId: string | undefined; ; ) {
    const rows = await listSessions(db, { projectId, accountId, beforeId, limit: PAGE })
    for (const row of rows) yield { is: 'session', row }
    yield* auditOf(rows.map(({ session_id }) => toTypeId('asn', session_id)))
    if (rows.length < PAGE) return
    beforeId = rows.at(-1)?.session_id
  }
}
