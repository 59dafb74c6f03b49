import { type Act, recordAudits } from '@mainstay/access'
import {
  type AppError,
  appError,
  type Clock,
  type Db,
  type Executor,
  newId,
  toTypeId,
} from '@mainstay/kernel'
import { reasons } from '../errors.ts'
import type { AccessClaims } from '../sessions/access-tokens.ts'
import { requireFresh } from './fresh.ts'
import { listAccountIdsOf, lockPeople, mergePeople, splitPerson } from './people-store.ts'
import { type AccountWithIdentifiers, findAccount } from './store.ts'

export interface PeopleDeps {
  db: Db
  clock: Clock
}

/** Which accounts are one person's: only what people say themselves, with proof of both. */
export function createPeople({ db, clock }: PeopleDeps) {
  const accountsOf = async (
    executor: Executor,
    projectId: string,
    personId: string,
  ): Promise<AccountWithIdentifiers[]> => {
    const rows: AccountWithIdentifiers[] = []
    // At most one of each kind: few.
    for (const id of await listAccountIdsOf(executor, projectId, personId)) {
      const row = await findAccount(executor, projectId, id)
      if (row !== undefined) rows.push(row)
    }
    return rows
  }

  return {
    /** A person's accounts of one mode. Empty when there is no such person. */
    async list(projectId: string, personId: string, live: boolean): Promise<AccountWithIdentifiers[]> {
      return (await accountsOf(db, projectId, personId)).filter((row) => row.live === live)
    },

    /** Links the accounts of two access tokens, and all that either is linked to. Throws `identity.link_refused`. */
    async link(act: Act, one: AccessClaims, other: AccessClaims): Promise<AccountWithIdentifiers[]> {
      // The other token is not one that a call is made with, which would have been refused.
      if (other.actor !== undefined) throw linkRefused('acted as by an operator')
      requireFresh(one, clock)
      requireFresh(other, clock)
      const { projectId } = one
      if (other.projectId !== projectId || other.live !== one.live)
        throw linkRefused('of another project or mode')
      if (other.accountId === one.accountId) throw linkRefused('this account itself')
      return await db.transaction(async (tx) => {
        const people = await lockPeople(tx, projectId, [one.accountId, other.accountId])
        // UUIDv7: the older person stays.
        const [into, from] = [people.get(one.accountId), people.get(other.accountId)].sort()
        if (into === undefined || from === undefined) throw linkRefused('gone')
        if (into === from) return await accountsOf(tx, projectId, into)
        const joined = [
          ...(await accountsOf(tx, projectId, into)),
          ...(await accountsOf(tx, projectId, from)),
        ]
        if (new Set(joined.map(({ kind }) => kind)).size < joined.length) {
          throw linkRefused('of a kind that this person has an account of')
        }
        await mergePeople(tx, projectId, { from, into }, clock.now())
        await recordAudits(
          tx,
          clock,
          [one, other].map(({ accountId }) => ({
            act,
            entry: { projectId, action: 'identity.accounts.link', resource: toTypeId('acc', accountId) },
          })),
        )
        return await accountsOf(tx, projectId, into)
      })
    },

    /** Makes an account a person of its own. One that is already stays as it is. */
    async unlink(act: Act, claims: AccessClaims): Promise<void> {
      requireFresh(claims, clock)
      const { projectId, accountId } = claims
      await db.transaction(async (tx) => {
        const personId = (await lockPeople(tx, projectId, [accountId])).get(accountId)
        if (personId === undefined) return
        if ((await listAccountIdsOf(tx, projectId, personId)).length < 2) return
        await splitPerson(tx, { projectId, accountId, personId: newId(clock) }, clock.now())
        const entry = { projectId, action: 'identity.accounts.unlink', resource: toTypeId('acc', accountId) }
        await recordAudits(tx, clock, [{ act, entry }])
      })
    },
  }
}

export type People = ReturnType<typeof createPeople>

function linkRefused(what: string): AppError {
  return appError(
    reasons,
    'identity.link_refused',
    `These accounts cannot be linked: the other one is ${what}. A person has at most one account of each kind.`,
  )
}
