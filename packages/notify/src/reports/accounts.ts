import { appError, type Db } from '@mainstay/kernel'
import { LRUCache } from 'lru-cache'
import { reasons } from '../errors.ts'
import type { AccountRow } from '../provider-accounts/store.ts'
import type { ProviderChannel } from '../providers/outgoing.ts'
import type { ReportReader } from '../providers/reports.ts'

/** An account that its provider reports about. */
export interface ReportAccount {
  projectId: string
  /** uuid */
  accountId: string
  /** Of its service, `sendgrid`. */
  kind: string
  channel: ProviderChannel
  live: boolean
  reader: ReportReader<Readonly<Record<string, string>>>
  config: Readonly<Record<string, string>>
}

export interface ReportAccountsDeps {
  db: Pick<Db, 'query'>
  /** A project's accounts by uuid, cached. */
  accountsOf(projectId: string): Promise<ReadonlyMap<string, AccountRow>>
  /** Undefined for a kind that reports nothing. Throws when the credentials cannot be read. */
  toReportAccount(row: AccountRow): ReportAccount | undefined
}

export type FindReportAccount = (accountId: string) => Promise<ReportAccount>

/** Strangers may ask for any id: that there is none is remembered for a while, too, and no more than so many. */
const CACHED = 20_000
const UNKNOWN_TTL_MS = 10_000

/**
 * Finds an account by its id alone, whatever its project: providers know nothing else. Its project never changes and is
 * remembered; the account itself comes from the cache that changes are announced to.
 *
 * Throws `notify.provider_account_not_found`.
 */
export function createReportAccounts({
  db,
  accountsOf,
  toReportAccount,
}: ReportAccountsDeps): FindReportAccount {
  const projects = new LRUCache<string, { projectId: string | undefined }>({
    max: CACHED,
    async fetchMethod(accountId, _stale, { options }) {
      const { rows } = await db.query<{ projectId: string }>({
        name: 'notify.reports.project',
        text: 'SELECT project_id AS "projectId" FROM notify.provider_accounts WHERE provider_account_id = $1',
        values: [accountId],
      })
      const projectId = rows[0]?.projectId
      if (projectId === undefined) options.ttl = UNKNOWN_TTL_MS
      return { projectId }
    },
  })
  return async (accountId) => {
    const projectId = (await projects.fetch(accountId))?.projectId
    const row = projectId === undefined ? undefined : (await accountsOf(projectId)).get(accountId)
    const account = row === undefined ? undefined : toReportAccount(row)
    if (account !== undefined) return account
    throw appError(
      reasons,
      'notify.provider_account_not_found',
      'There is no provider account with this id that takes reports.',
    )
  }
}
