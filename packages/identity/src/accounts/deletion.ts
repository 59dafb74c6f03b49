import { type Act, BY_SYSTEM, recordAudit, within } from '@mainstay/access'
import { type Clock, type Db, type Tx, toTypeId } from '@mainstay/kernel'
import { AccountState } from '@mainstay/proto/identity/v1/accounts'
import type { Clients } from '../clients/service.ts'
import type { IdentitySettings } from '../config.ts'
import type { AccessClaims } from '../sessions/access-tokens.ts'
import { findDue, isDue, setDeleteDue } from './deletion-store.ts'
import { requireFresh } from './fresh.ts'
import type { Notices } from './notices.ts'
import { type AccountChange, type Accounts, accountNotFound, requireMode } from './service.ts'
import { type AccountWithIdentifiers, findAccount } from './store.ts'

export interface DeletionDeps {
  db: Db
  clock: Clock
  settings: Pick<IdentitySettings, 'deletionGraceMs'>
  accounts: Pick<Accounts, 'get' | 'delete'>
  clients: Pick<Clients, 'getApp'>
  notices: Notices
}

const MOST_A_RUN = 1000

/** Deletion that can be taken back for a time. */
export function createDeletion({ db, clock, settings, accounts, clients, notices }: DeletionDeps) {
  const setDue = async (
    tx: Tx,
    act: Act,
    before: AccountWithIdentifiers,
    due: Date | null,
  ): Promise<AccountWithIdentifiers> => {
    const which = { projectId: before.project_id, accountId: before.account_id }
    if (!(await setDeleteDue(tx, which, due, clock.now()))) throw accountNotFound()
    await recordAudit(tx, clock, act, {
      projectId: which.projectId,
      action: due === null ? 'identity.accounts.keep' : 'identity.accounts.schedule_delete',
      resource: toTypeId('acc', which.accountId),
    })
    return (await findAccount(tx, which.projectId, which.accountId)) ?? before
  }

  const change = async (
    act: Act,
    which: AccountChange,
    due: Date | null,
  ): Promise<AccountWithIdentifiers> => {
    const before = await accounts.get(which.projectId, which.accountId)
    requireMode(before.live, which.testMode)
    if (before.state === AccountState.DELETED) throw accountNotFound()
    if (due === null && before.delete_due_time === null) return before
    return await within(db, act, (tx) => setDue(tx, act, before, due))
  }

  return {
    schedule: (act: Act, which: AccountChange, graceMs: number) =>
      change(act, which, new Date(clock.nowMs() + graceMs)),
    keep: (act: Act, which: AccountChange) => change(act, which, null),

    /** By its owner; a second time extends nothing. */
    async scheduleOwn(act: Act, claims: AccessClaims): Promise<AccountWithIdentifiers> {
      requireFresh(claims, clock)
      const { projectId, accountId } = claims
      const before = await accounts.get(projectId, accountId)
      if (before.delete_due_time !== null) return before
      const app = await clients.getApp(toTypeId('cli', claims.clientId))
      const due = new Date(clock.nowMs() + settings.deletionGraceMs)
      return await db.transaction(async (tx) => {
        const after = await setDue(tx, act, before, due)
        await notices.tell(app, before, 'deletion_scheduled', undefined, act.requestId)
        return after
      })
    },

    /** Deletes those whose time is over. How many. For a job. */
    async run(): Promise<number> {
      let deleted = 0
      for (const { project_id: projectId, account_id: accountId } of await findDue(
        db,
        clock.now(),
        MOST_A_RUN,
      )) {
        await db.transaction(async (tx) => {
          if (!(await isDue(tx, { projectId, accountId }, clock.now()))) return
          await accounts.delete({ ...BY_SYSTEM, tx }, { projectId, accountId, testMode: false })
          deleted++
        })
      }
      return deleted
    },
  }
}

export type Deletion = ReturnType<typeof createDeletion>
