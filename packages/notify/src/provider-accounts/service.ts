import { type Act, recordAudit } from '@mainstay/access'
import {
  AppError,
  appError,
  type Clock,
  type Db,
  type FieldViolation,
  newId,
  type Tx,
  toTypeId,
} from '@mainstay/kernel'
import type { ProviderAccount } from '@mainstay/proto/notify/v1'
import { reasons } from '../errors.ts'
import type { ProviderClient } from '../providers/adapter.ts'
import { requireMode } from '../test-mode.ts'
import { type AccountDraft, checkDraft, completeDraft, destinationOf, secretField } from './account-config.ts'
import { etagOf, toDraft } from './account-message.ts'
import { applyUpdate, type UpdatedDraft } from './account-update.ts'
import { type AccountSecrets, readServiceSecrets } from './secrets.ts'
import {
  type AccountRow,
  type AttemptCounts,
  countAttempts,
  insertAccount,
  listAccounts,
  lockAccount,
  updateAccount,
} from './store.ts'

export interface ProviderAccountsDeps {
  db: Db
  clock: Clock
  secrets: AccountSecrets
  allowPrivate: boolean
  /** Makes every process see the change once `tx` has committed. */
  announceChange(tx: Tx, projectId: string): Promise<void>
  /** A line of its own, to be closed by the caller. */
  connect(row: AccountRow): ProviderClient
}

/** Who asks, for which project. A test caller may not touch what moves real things. */
export interface AccountAct extends Act {
  projectId: string
  testMode: boolean
}

export type ProviderAccounts = ReturnType<typeof createProviderAccounts>

export function createProviderAccounts(deps: ProviderAccountsDeps) {
  const { db, clock, secrets } = deps
  const within = <T>(act: Act, fn: (tx: Tx) => Promise<T>): Promise<T> =>
    act.tx === undefined ? db.transaction(fn) : fn(act.tx)

  async function record(tx: Tx, act: AccountAct, row: AccountRow, verb: 'create' | 'update'): Promise<void> {
    await recordAudit(tx, clock, act, {
      projectId: row.project_id,
      action: `notify.provider_accounts.${verb}`,
      resource: toTypeId('pac', row.provider_account_id),
    })
    await deps.announceChange(tx, row.project_id)
  }

  return {
    async create(act: AccountAct, wanted: ProviderAccount): Promise<AccountRow> {
      const given = toDraft(wanted)
      if (given === undefined) {
        throw invalid([
          { field: 'providerAccount', description: 'set one of sandbox, smtp, http and service' },
        ])
      }
      const draft = completeDraft(given)
      requireMode(act, !draft.test, LIVE_ACCOUNT)
      requireValid(checkDraft(draft, deps))
      const now = clock.now()
      const id = newId(clock)
      const row: AccountRow = {
        project_id: act.projectId,
        provider_account_id: id,
        revision: 1,
        origin: 'api',
        create_time: now,
        update_time: now,
        sealed_secret: secrets.seal(act.projectId, id, draft.secret),
        ...toColumns(draft),
      }
      await within(act, async (tx) => {
        await insertAccount(tx, row)
        await record(tx, act, row, 'create')
      })
      return row
    },

    async update(
      act: AccountAct,
      id: string,
      wanted: ProviderAccount,
      mask: readonly string[] | undefined,
    ): Promise<AccountRow> {
      return within(act, async (tx) => {
        const row = await lockAccount(tx, act.projectId, id)
        if (row === undefined) throw notFound()
        if (wanted.etag !== '' && wanted.etag !== etagOf(row)) {
          throw appError(
            reasons,
            'notify.etag_mismatch',
            'The provider account was changed since you read it. Read it again and repeat your change.',
          )
        }
        requireMode(act, !row.test, LIVE_ACCOUNT)
        const changed = change(row, wanted, mask, deps)
        requireMode(act, !changed.test, LIVE_ACCOUNT)
        await updateAccount(tx, changed)
        await record(tx, act, changed, 'update')
        return changed
      })
    },

    /** By priority, then age, with how they fared in the last 24 hours. */
    async list(projectId: string): Promise<{ row: AccountRow; counts: AttemptCounts | undefined }[]> {
      const since = new Date(clock.nowMs() - DAY_MS)
      const [rows, counts] = await Promise.all([
        listAccounts(db, projectId),
        countAttempts(db, projectId, since),
      ])
      const byAccount = new Map(counts.map((count) => [count.provider_account_id, count]))
      return rows.map((row) => ({ row, counts: byAccount.get(row.provider_account_id) }))
    },

    /** Tries an account as it is stored, on a connection of its own. */
    async verify(
      projectId: string,
      id: string,
    ): Promise<{ ok: boolean; detail: string; durationMs: number }> {
      const row = (await listAccounts(db, projectId)).find((one) => one.provider_account_id === id)
      if (row === undefined) throw notFound()
      const start = performance.now()
      const result = await tryAccount(row, deps)
      return { ...result, durationMs: performance.now() - start }
    },
  }
}

const DAY_MS = 86_400_000

async function tryAccount(
  row: AccountRow,
  { connect }: ProviderAccountsDeps,
): Promise<{ ok: boolean; detail: string }> {
  let client: ProviderClient
  try {
    client = connect(row)
  } catch (error) {
    // Credentials that cannot be read are an answer to what was asked.
    if (error instanceof AppError) return { ok: false, detail: error.message }
    throw error
  }
  try {
    return await client.verify()
  } finally {
    await client.close()
  }
}

function change(
  row: AccountRow,
  wanted: ProviderAccount,
  mask: readonly string[] | undefined,
  { clock, secrets, allowPrivate }: ProviderAccountsDeps,
): AccountRow {
  const result = applyUpdate(fromRow(row), wanted, mask)
  if ('violations' in result) throw invalid(result.violations)
  const { updated } = result
  const isKept = updated.secret === undefined
  const hasSecret = row.sealed_secret !== null
  const draft = completeDraft(withSecret(row, updated, secrets))
  const violations = checkDraft(draft, { allowPrivate })
  if (isKept && hasSecret && destinationOf(row.config) !== destinationOf(draft.config)) {
    violations.push({
      field: secretField(draft.config),
      description: 'must be given again when it goes to another place',
    })
  }
  if (row.origin === 'settings' && changesConnection(row, draft, isKept)) {
    violations.push({
      field: 'providerAccount',
      description: 'comes from NOTIFY_SMTP_URL: change that setting',
    })
  }
  requireValid(violations)
  return {
    ...row,
    ...toColumns(draft),
    sealed_secret: isKept
      ? row.sealed_secret
      : secrets.seal(row.project_id, row.provider_account_id, draft.secret),
    revision: row.revision + 1,
    update_time: clock.now(),
  }
}

/** A kept secret is not opened: that it is there is all that the rules ask, and it may be unreadable. */
function withSecret(row: AccountRow, updated: UpdatedDraft, secrets: AccountSecrets): AccountDraft {
  const { config, secret } = updated
  if (config.kind !== 'service') {
    return { ...updated, secret: secret ?? (row.sealed_secret === null ? '' : 'kept') }
  }
  if (secret === undefined) return { ...updated, secret: '' }
  const given = secret === '' ? {} : (JSON.parse(secret) as Record<string, string>)
  const all = Object.entries({ ...openService(row, secrets), ...given }).filter(([, value]) => value !== '')
  const merged = JSON.stringify(Object.fromEntries(all))
  return { ...updated, secret: merged, config: { ...config, secretNames: all.map(([name]) => name) } }
}

/** None where they cannot be read: they are given anew then, and what is required and missing is told. */
function openService(row: AccountRow, secrets: AccountSecrets): Record<string, string> {
  try {
    return readServiceSecrets(secrets.open(row))
  } catch (error) {
    if (error instanceof AppError) return {}
    throw error
  }
}

function changesConnection(row: AccountRow, draft: AccountDraft, isKept: boolean): boolean {
  const before = JSON.stringify([Object.entries(row.config).sort(), row.sender, row.test])
  return !isKept || before !== JSON.stringify([Object.entries(draft.config).sort(), draft.sender, draft.test])
}

function fromRow(row: AccountRow): Omit<AccountDraft, 'secret'> {
  const { display_name: displayName, sender, enabled, test, priority, routing, config } = row
  return { displayName, sender, enabled, test, priority, routing, config }
}

export function toColumns(draft: AccountDraft) {
  const { displayName, sender, enabled, test, priority, routing = {}, config } = draft
  return { display_name: displayName, sender, enabled, test, priority, routing, config, kind: config.kind }
}

const LIVE_ACCOUNT = 'A test key can only add and change test accounts. Set `test`, or use a live key.'

function requireValid(violations: readonly FieldViolation[]): void {
  if (violations.length > 0) throw invalid(violations)
}

function invalid(violations: readonly FieldViolation[]): AppError {
  const message = 'The provider account cannot be set up like this: see the details.'
  return appError(reasons, 'notify.provider_config_invalid', message, { violations })
}

export function notFound(): AppError {
  return appError(
    reasons,
    'notify.provider_account_not_found',
    'There is no such provider account in this project.',
  )
}
