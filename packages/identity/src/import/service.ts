import { type Act, within } from '@mainstay/access'
import { AppError, type Clock, type Db, type Sealer, type Tx, toTypeId } from '@mainstay/kernel'
import { AccountState, ImportFormat, ImportOutcome } from '@mainstay/proto/identity/v1/accounts'
import { addIdentifier, touchAccount } from '../accounts/identifiers-store.ts'
import { type Accounts, newAccount } from '../accounts/service.ts'
import { type AccountWithIdentifiers, findAccount, setBan, updateAccount } from '../accounts/store.ts'
import type { Clients } from '../clients/service.ts'
import type { FirebaseScrypt } from './firebase.ts'
import { phcOf } from './phc.ts'
import { readImport } from './read-file.ts'
import {
  type ExternalKey,
  findByExternalId,
  findKeptPassword,
  insertExternalId,
  keepPassword,
  release,
  savepoint,
  takeBack,
  usePassword,
} from './store.ts'
import { type ImportedRow, type ImportedUser, RowError } from './user.ts'

export interface ImportDeps {
  db: Db
  clock: Clock
  sealer: Pick<Sealer, 'seal'>
  accounts: Pick<Accounts, 'insert'>
  clients: Pick<Clients, 'requireKind'>
}

export interface ImportAsk {
  projectId: string
  live: boolean
  kind: string
  format: ImportFormat
  content: string
  scrypt: FirebaseScrypt | undefined
  dryRun: boolean
}

export interface RowReport {
  externalId: string
  outcome: ImportOutcome
  detail: string
  accountId: string
  scheme: string
}

/** The purpose that signer keys of Firebase are sealed for, under the account's id. */
export const IMPORTED_PASSWORD_PURPOSE = 'identity imported passwords'
const MOST_ATTRIBUTE_BYTES = 8192

/** Takes accounts in from elsewhere: one transaction, in which each row stands or falls by itself. */
export function createImport(deps: ImportDeps) {
  const { db, clock, sealer, accounts, clients } = deps

  /** Keeps the hash as it came, and signs in by it where it can be verified. Whether anything changed. */
  const keep = async (
    tx: Tx,
    row: { project_id: string; account_id: string },
    { password }: ImportedUser,
  ): Promise<boolean> => {
    if (password === undefined) return false
    const { secret, ...rest } = password
    const which = { projectId: row.project_id, accountId: row.account_id }
    const kept = await findKeptPassword(tx, which)
    const sealed =
      secret === undefined ? Buffer.alloc(0) : sealer.seal(IMPORTED_PASSWORD_PURPOSE, row.account_id, secret)
    if (!(await keepPassword(tx, { ...which, ...rest, sealed }, clock.now()))) return false
    const hash = phcOf(rest)
    const before = kept && phcOf(kept as typeof rest)
    if (hash !== undefined) await usePassword(tx, { ...which, hash, before }, clock.now())
    return true
  }

  const create = async (tx: Tx, act: Act, key: ExternalKey, user: ImportedUser): Promise<string> => {
    const now = clock.now()
    const { displayName, locale, attributes } = user
    const person = { ...key, displayName, locale, attributes, identifiers: [], verifyTime: null }
    const row = {
      ...newAccount(person, clock),
      identifiers: user.identifiers.map(({ type, value, verified }) => ({
        ...{ type, value, verify_time: verified ? now : null },
      })),
    }
    await accounts.insert(tx, [{ act, row }])
    if (!(await insertExternalId(tx, key, row.account_id, now))) {
      throw new RowError('It is being taken in by somebody else at this moment.')
    }
    await keep(tx, row, user)
    if (user.disabled) {
      const reason = `It was disabled in ${key.source}.`
      await setBan(tx, { projectId: key.projectId, accountId: row.account_id }, { time: now, reason }, now)
    }
    return row.account_id
  }

  /** Brings what is here up to date. What people have added here stays, and nobody is let in again who was banned here. */
  const update = async (tx: Tx, before: AccountWithIdentifiers, user: ImportedUser): Promise<boolean> => {
    const now = clock.now()
    const { project_id: projectId, account_id: accountId, live, kind } = before
    const own = { projectId, accountId, live, kind }
    const has = new Set(before.identifiers.map(({ type, value }) => `${type} ${value}`))
    const missing = user.identifiers.filter(({ type, value }) => !has.has(`${type} ${value}`))
    for (const { type, value, verified } of missing) {
      if (!(await addIdentifier(tx, { ...own, type, value, verifyTime: verified ? now : null }, now))) {
        throw new RowError('It signs in by something that another account of this kind has.')
      }
    }
    const after = {
      ...before,
      display_name: user.displayName,
      locale: user.locale,
      attributes: user.attributes,
    }
    const differs = ['display_name', 'locale', 'attributes'] as const
    const isChanged = differs.some((name) => canonical(before[name]) !== canonical(after[name]))
    if (isChanged) await updateAccount(tx, after, before.version, now)
    if (missing.length > 0) await touchAccount(tx, own, now)
    const isNewPassword = await keep(tx, before, user)
    return isChanged || missing.length > 0 || isNewPassword
  }

  const takeIn = async (
    tx: Tx,
    act: Act,
    key: ExternalKey,
    { known, user }: { known: string | undefined; user: ImportedUser },
  ): Promise<RowReport> => {
    requireSense(user)
    const report = {
      externalId: user.externalId,
      detail: leftOutOf(user),
      scheme: user.password?.scheme ?? '',
    }
    if (known === undefined) {
      const accountId = await create(tx, act, key, user)
      return { ...report, accountId, outcome: ImportOutcome.CREATED }
    }
    const before = await findAccount(tx, key.projectId, known)
    if (before === undefined || before.state === AccountState.DELETED) {
      throw new RowError('The account was deleted here.')
    }
    const changed = await update(tx, before, user)
    return { ...report, accountId: known, outcome: changed ? ImportOutcome.UPDATED : ImportOutcome.SKIPPED }
  }

  const takeRow = async (tx: Tx, act: Act, ask: ImportAsk, row: ImportedRow): Promise<RowReport> => {
    const refused = (detail: string): RowReport => ({
      ...{ externalId: row.externalId, outcome: ImportOutcome.REFUSED, detail, accountId: '', scheme: '' },
    })
    if ('refusal' in row) return refused(row.refusal)
    const { projectId, live, kind } = ask
    const key = {
      projectId,
      live,
      kind,
      source: SOURCES[ask.format] ?? 'cognito',
      externalId: row.externalId,
    }
    const known = await findByExternalId(tx, key)
    await savepoint(tx, 'row')
    try {
      const report = await takeIn(tx, act, key, { known, user: structuredClone(row.user) })
      await release(tx, 'row')
      return report
    } catch (error) {
      const detail = refusalOf(error)
      if (detail === undefined) throw error
      await takeBack(tx, 'row')
      // Somebody took the same row in while we did: it is here now.
      const isHereNow = known === undefined && (await findByExternalId(tx, key)) !== undefined
      return isHereNow ? await takeRow(tx, act, ask, row) : refused(detail)
    }
  }

  return {
    /** Throws `identity.import_invalid` and `identity.kind_not_found`; a row that is refused throws nothing. */
    async run(act: Act, ask: ImportAsk): Promise<RowReport[]> {
      const rows = readImport(ask.format, ask.content, ask.scrypt)
      await clients.requireKind(db, ask.projectId, ask.kind)
      return await within(db, act, async (tx) => {
        const reports: RowReport[] = []
        await savepoint(tx, 'dry_run')
        for (const row of rows) reports.push(await takeRow(tx, act, ask, row))
        if (!ask.dryRun) return reports
        await takeBack(tx, 'dry_run')
        const isNew = ({ outcome }: RowReport) => outcome === ImportOutcome.CREATED
        return reports.map((report) => (isNew(report) ? { ...report, accountId: '' } : report))
      })
    },
  }
}

export type AccountImport = ReturnType<typeof createImport>

export function toImportReport(reports: readonly RowReport[]) {
  const count = (outcome: ImportOutcome) => reports.filter((report) => report.outcome === outcome).length
  return {
    rows: reports.map(({ externalId, outcome, detail, accountId, scheme }, index) => ({
      ...{ row: index + 1, externalId, outcome, detail, passwordScheme: scheme },
      accountId: accountId === '' ? '' : toTypeId('acc', accountId),
    })),
    createdCount: count(ImportOutcome.CREATED),
    updatedCount: count(ImportOutcome.UPDATED),
    skippedCount: count(ImportOutcome.SKIPPED),
    refusedCount: count(ImportOutcome.REFUSED),
  }
}

const SOURCES: Partial<Record<ImportFormat, string>> = {
  [ImportFormat.AUTH0]: 'auth0',
  [ImportFormat.KEYCLOAK]: 'keycloak',
  [ImportFormat.FIREBASE]: 'firebase',
  [ImportFormat.COGNITO]: 'cognito',
}

/** What a request to make the account would be refused for, too. */
function requireSense(user: ImportedUser): void {
  user.displayName = user.displayName.trim().slice(0, 120)
  if (user.identifiers.length === 0)
    throw new RowError('It has nothing to sign in by: no email address, phone number or name.')
  if (user.identifiers.length > 10) throw new RowError('It has more than 10 things to sign in by.')
  if (Buffer.byteLength(JSON.stringify(user.attributes)) > MOST_ATTRIBUTE_BYTES) {
    user.attributes = {}
    user.leftOut.push(`the attributes, which are more than ${MOST_ATTRIBUTE_BYTES} bytes`)
  }
  const locale = localeOf(user.locale)
  if (locale === undefined) user.leftOut.push('the language, which is no BCP 47 tag')
  user.locale = locale ?? ''
}

function localeOf(text: string): string | undefined {
  if (text === '') return ''
  try {
    return Intl.getCanonicalLocales(text.replaceAll('_', '-'))[0]
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function leftOutOf({ leftOut }: ImportedUser): string {
  return leftOut.length === 0 ? '' : `Left out: ${leftOut.join('; ')}.`
}

function refusalOf(error: unknown): string | undefined {
  if (error instanceof RowError) return error.message
  if (error instanceof AppError && error.reason === 'identity.identifier_taken') {
    return 'It signs in by something that another account of this kind has.'
  }
  return undefined
}

/** The database orders the keys of attributes its own way. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  )
}
