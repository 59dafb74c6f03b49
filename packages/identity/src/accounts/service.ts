import { type Act, recordAudit, recordAudits, within } from '@mainstay/access'
import {
  type AppError,
  appError,
  type Clock,
  type Db,
  type Events,
  newId,
  type PageTokens,
  pageLimit,
  type Tx,
  toTypeId,
} from '@mainstay/kernel'
import { AccountState } from '@mainstay/proto/identity/v1/accounts'
import type { Clients } from '../clients/service.ts'
import { reasons } from '../errors.ts'
import { accountBanned, accountCreated, accountDeleted } from '../events.ts'
import { type CanonicalIdentifier, possibleIdentifiers } from '../identifiers.ts'
import type { Sessions } from '../sessions/service.ts'
import {
  type AccountRow,
  type AccountWithIdentifiers,
  eraseAccount,
  findAccount,
  findAccountsByIdentifier,
  insertAccounts,
  listAccounts,
  setBan,
  updateAccount,
} from './store.ts'

export interface NewPerson {
  projectId: string
  live: boolean
  kind: string
  displayName: string
  locale: string
  attributes: Record<string, unknown>
  identifiers: readonly CanonicalIdentifier[]
  /** When the person proved that the identifiers are theirs; null: they did not. */
  verifyTime: Date | null
}

/** A change of an account, and who may make it. */
export interface AccountChange {
  projectId: string
  accountId: string
  /** Test keys change nothing live. */
  testMode: boolean
}

export interface AccountsDeps {
  db: Db
  clock: Clock
  events: Pick<Events, 'publish' | 'publishMany'>
  pageTokens: PageTokens
  clients: Pick<Clients, 'requireKind'>
  sessions: Pick<Sessions, 'end'>
}

export function createAccounts({ db, clock, events, pageTokens, clients, sessions }: AccountsDeps) {
  const get = async (projectId: string, accountId: string): Promise<AccountWithIdentifiers> => {
    const row = await findAccount(db, projectId, accountId)
    if (row === undefined) throw accountNotFound()
    return row
  }

  const audit = (tx: Tx, act: Act, row: AccountRow, verb: string): Promise<void> =>
    recordAudit(tx, clock, act, entryFor(row, verb))

  /** Stores accounts of people whom nobody knew, and tells. Throws `identity.identifier_taken`. */
  const insert = async (
    tx: Tx,
    made: readonly { act: Act; row: AccountWithIdentifiers }[],
  ): Promise<void> => {
    if (made.length === 0) return
    const rows = made.map(({ row }) => row)
    const free = await insertAccounts(tx, rows)
    const isFree = new Set(free.map(({ account_id, type, value }) => `${account_id} ${type} ${value}`))
    for (const { account_id, identifiers } of rows) {
      const taken = identifiers.findIndex(({ type, value }) => !isFree.has(`${account_id} ${type} ${value}`))
      if (taken >= 0) throw identifierTaken(taken)
    }
    await recordAudits(
      tx,
      clock,
      made.map(({ act, row }) => ({ act, entry: entryFor(row, 'create') })),
    )
    await events.publishMany(tx, accountCreated, rows.map(eventOf))
  }

  /** Reads, checks the mode, changes and tells: what every change of one account does. */
  const change = async (
    act: Act,
    { projectId, accountId, testMode }: AccountChange,
    verb: string,
    apply: (tx: Tx, before: AccountWithIdentifiers) => Promise<AccountRow | undefined>,
  ): Promise<AccountWithIdentifiers> => {
    return await within(db, act, async (tx) => {
      const before = await findAccount(tx, projectId, accountId)
      if (before === undefined) throw accountNotFound()
      requireMode(before.live, testMode)
      const changed = await apply(tx, before)
      if (changed === undefined) return before
      await audit(tx, act, changed, verb)
      return (await findAccount(tx, projectId, accountId)) ?? before
    })
  }

  return {
    get,

    /** Makes an account for a person whom nobody knew. Throws `identity.identifier_taken` and `identity.kind_not_found`. */
    async create(act: Act, person: NewPerson): Promise<AccountWithIdentifiers> {
      await clients.requireKind(db, person.projectId, person.kind)
      const row = newAccount(person, clock)
      await within(db, act, (tx) => insert(tx, [{ act, row }]))
      return row
    },

    insert,

    async list(ask: {
      method: string
      projectId: string
      live: boolean
      kind: string
      state: AccountState
      identifier: string
      text: string
      pageSize: number
      pageToken: string
    }) {
      const { projectId, live, kind, state, identifier } = ask
      if (identifier !== '') {
        const found = await findAccountsByIdentifier(db, projectId, live, possibleIdentifiers(identifier))
        return { rows: found.filter((row) => matches(row, kind, state)), nextPageToken: '' }
      }
      const text = searchable(ask.text)
      const scope = { method: ask.method, projectId, filter: { live, kind, state, text } }
      const limit = pageLimit(ask.pageSize)
      const [beforeId] = pageTokens.read(scope, ask.pageToken) ?? []
      const rows = await listAccounts(db, {
        ...{ projectId, live },
        kind: kind || undefined,
        state: state || undefined,
        text,
        beforeId: beforeId as string | undefined,
        limit: limit + 1,
      })
      return pageTokens.cut(scope, rows, limit, (last) => [last.account_id])
    },

    /** Throws `identity.account_changed` when the etag is not that of the account any more. */
    async update(
      act: Act,
      which: AccountChange & { etag: string },
      apply: (before: AccountRow) => AccountRow,
    ): Promise<AccountWithIdentifiers> {
      return await change(act, which, 'update', async (tx, before) => {
        if (before.state === AccountState.DELETED) throw accountNotFound()
        if (which.etag !== '' && which.etag !== before.version) throw accountChanged()
        const changed = await updateAccount(tx, apply(before), before.version, clock.now())
        if (changed === undefined) throw accountChanged()
        return changed
      })
    },

    async ban(act: Act, which: AccountChange, reason: string): Promise<AccountWithIdentifiers> {
      return await change(act, which, 'ban', async (tx) => {
        const now = clock.now()
        const row = await setBan(tx, which, { time: now, reason }, now)
        if (row === undefined) throw accountNotFound()
        await sessions.end(tx, which, 'banned')
        await events.publish(tx, accountBanned, eventOf(row))
        return row
      })
    },

    async unban(act: Act, which: AccountChange): Promise<AccountWithIdentifiers> {
      return await change(act, which, 'unban', async (tx, before) => {
        if (before.state === AccountState.DELETED) throw accountNotFound()
        if (before.state !== AccountState.BANNED) return undefined
        return await setBan(tx, which, { time: null, reason: '' }, clock.now())
      })
    },

    /** Deleting one that was deleted changes nothing. */
    async delete(act: Act, which: AccountChange): Promise<AccountWithIdentifiers> {
      return await change(act, which, 'delete', async (tx) => {
        await sessions.end(tx, which, 'deleted')
        const row = await eraseAccount(tx, which, clock.now())
        if (row !== undefined) await events.publish(tx, accountDeleted, eventOf(row))
        return row
      })
    },
  }
}

export type Accounts = ReturnType<typeof createAccounts>

/** The account of a person whom nobody knew. */
export function newAccount(person: NewPerson, clock: Clock): AccountWithIdentifiers {
  const { projectId, live, kind, displayName, locale, attributes, identifiers, verifyTime } = person
  const now = clock.now()
  return {
    ...{ project_id: projectId, account_id: newId(clock), person_id: newId(clock), live, kind },
    ...{ state: AccountState.ACTIVE, display_name: displayName, locale, attributes, version: '1' },
    ...{ create_time: now, update_time: now, last_sign_in_time: verifyTime },
    ...{ ban_time: null, ban_reason: '', delete_time: null, anonymous: false, delete_due_time: null },
    identifiers: identifiers.map(({ type, value }) => ({ type, value, verify_time: verifyTime })),
  }
}

function entryFor(row: AccountRow, verb: string) {
  return {
    projectId: row.project_id,
    action: `identity.accounts.${verb}`,
    resource: toTypeId('acc', row.account_id),
  }
}

export function requireMode(live: boolean, testMode: boolean): void {
  if (!live || !testMode) return
  throw appError(
    reasons,
    'identity.mode_not_allowed',
    'This is a live account, and a test key changes nothing live. Use a live key.',
  )
}

/** Numbers stand without what people write between their digits. */
function searchable(text: string): string {
  const typed = text.trim().toLowerCase()
  return typed.startsWith('+') ? typed.replaceAll(/[\s().-]/g, '') : typed
}

function matches(row: AccountRow, kind: string, state: AccountState): boolean {
  if (kind !== '' && row.kind !== kind) return false
  return state === AccountState.UNSPECIFIED || row.state === state
}

function eventOf(row: AccountRow) {
  return { projectId: row.project_id, accountId: row.account_id, kind: row.kind, live: row.live }
}

export function accountNotFound(): AppError {
  return appError(reasons, 'identity.account_not_found', 'There is no account with this id.')
}

function accountChanged(): AppError {
  return appError(
    reasons,
    'identity.account_changed',
    'Somebody else changed this account first. Read it again, and send its new etag with your change.',
  )
}

function identifierTaken(index: number): AppError {
  return appError(
    reasons,
    'identity.identifier_taken',
    'Another account of this kind signs in by this. One value belongs to one account of a kind.',
    {
      violations: [
        { field: `account.identifiers[${index}].value`, description: 'belongs to another account' },
      ],
    },
  )
}
