import { type Clock, type Db, newId, type Tx } from '@mainstay/kernel'
import { type AccountDraft, completeDraft } from './account-config.ts'
import type { AccountSecrets } from './secrets.ts'
import { toColumns } from './service.ts'
import { type AccountRow, insertAccount, listAccounts, lockAccount, updateAccount } from './store.ts'

export interface DefaultAccountsDeps {
  db: Db
  clock: Clock
  secrets: AccountSecrets
  announceChange(tx: Tx, projectId: string): Promise<void>
}

const SANDBOX: AccountDraft = {
  displayName: 'Sandbox mailbox',
  sender: '',
  enabled: true,
  test: true,
  priority: 900,
  config: { kind: 'sandbox' },
  secret: '',
}

/** Gives a project its sandbox. Any number of processes may do so at once; what is there already stays as it is. */
export async function ensureSandbox(deps: DefaultAccountsDeps, projectId: string): Promise<void> {
  await deps.db.transaction(async (tx) => {
    if (await insertAccount(tx, newRow(deps, projectId, 'default', SANDBOX)))
      await deps.announceChange(tx, projectId)
  })
}

/**
 * Makes the account of the settings what they say now. Without them it is switched off and kept, since messages refer to
 * it; `draft` is undefined then.
 */
export async function ensureFromSettings(
  deps: DefaultAccountsDeps,
  projectId: string,
  draft: AccountDraft | undefined,
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const existing = (await listAccounts(tx, projectId)).find((row) => row.origin === 'settings')
    if (existing === undefined) {
      if (draft === undefined) return
      const isNew = await insertAccount(tx, newRow(deps, projectId, 'settings', draft))
      if (isNew) await deps.announceChange(tx, projectId)
      return
    }
    const row = await lockAccount(tx, projectId, existing.provider_account_id)
    if (row === undefined) return
    const changed = draft === undefined ? { ...row, enabled: false } : renew(deps, row, draft)
    if (isSame(row, changed)) return
    await updateAccount(tx, { ...changed, revision: row.revision + 1, update_time: deps.clock.now() })
    await deps.announceChange(tx, projectId)
  })
}

function newRow(
  { clock, secrets }: DefaultAccountsDeps,
  projectId: string,
  origin: AccountRow['origin'],
  draft: AccountDraft,
): AccountRow {
  const id = newId(clock)
  const now = clock.now()
  return {
    project_id: projectId,
    provider_account_id: id,
    revision: 1,
    origin,
    create_time: now,
    update_time: now,
    sealed_secret: secrets.seal(projectId, id, draft.secret),
    ...toColumns(completeDraft(draft)),
  }
}

/** The name and priority are the operator's to change; the rest is the setting's. */
function renew({ secrets }: DefaultAccountsDeps, row: AccountRow, draft: AccountDraft): AccountRow {
  const { config, sender } = draft
  const isSameSecret = readable(secrets, row) === draft.secret
  const sealed = isSameSecret
    ? row.sealed_secret
    : secrets.seal(row.project_id, row.provider_account_id, draft.secret)
  return { ...row, config, sender, enabled: true, sealed_secret: sealed }
}

/** Undefined when it was sealed with a master key that is lost: it is sealed anew then. */
function readable(secrets: AccountSecrets, row: AccountRow): string | undefined {
  try {
    return secrets.open(row)
  } catch {
    return undefined
  }
}

function isSame(a: AccountRow, b: AccountRow): boolean {
  const facts = ({ config, sender, enabled }: AccountRow): string =>
    JSON.stringify([Object.entries(config).sort(), sender, enabled])
  return facts(a) === facts(b) && a.sealed_secret === b.sealed_secret
}
