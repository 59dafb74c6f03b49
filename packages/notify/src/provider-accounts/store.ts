import type { Executor } from '@mainstay/kernel'
import type { AccountRouting } from '../routing/account-routing.ts'
import type { AccountConfig } from './account-config.ts'

/** A provider account as it is stored. */
export interface AccountRow {
  project_id: string
  provider_account_id: string
  revision: number
  origin: 'api' | 'default' | 'settings'
  display_name: string
  kind: AccountConfig['kind']
  config: AccountConfig
  sealed_secret: Buffer | null
  sender: string
  enabled: boolean
  test: boolean
  priority: number
  routing: AccountRouting
  create_time: Date
  update_time: Date
}

const CHANNEL_EMAIL = 1

const COLUMNS = `project_id, provider_account_id, revision, origin, display_name, kind, config, sealed_secret, sender,
  enabled, test, priority, routing, create_time, update_time`

/** False when the program's own account of this origin is there already. */
export async function insertAccount(executor: Executor, row: AccountRow): Promise<boolean> {
  const { rowCount } = await executor.query({
    name: 'notify.provider_account.insert',
    text: `
      INSERT INTO notify.provider_accounts (${COLUMNS}, channel)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, ${CHANNEL_EMAIL})
      ON CONFLICT (project_id, origin) WHERE origin <> 'api' DO NOTHING`,
    values: [
      row.project_id,
      row.provider_account_id,
      row.revision,
      row.origin,
      row.display_name,
      row.kind,
      JSON.stringify(row.config),
      row.sealed_secret,
      row.sender,
      row.enabled,
      row.test,
      row.priority,
      JSON.stringify(row.routing),
      row.create_time,
      row.update_time,
    ],
  })
  return rowCount === 1
}

/** By priority, then age: the order in which they are tried. */
export async function listAccounts(executor: Executor, projectId: string): Promise<AccountRow[]> {
  const { rows } = await executor.query<AccountRow>({
    name: 'notify.provider_account.list',
    text: `
      SELECT ${COLUMNS} FROM notify.provider_accounts WHERE project_id = $1
      ORDER BY priority, create_time, provider_account_id`,
    values: [projectId],
  })
  return rows
}

/** Holds the row until the transaction ends, so that two updates come one after the other. */
export async function lockAccount(
  executor: Executor,
  projectId: string,
  providerAccountId: string,
): Promise<AccountRow | undefined> {
  const { rows } = await executor.query<AccountRow>({
    name: 'notify.provider_account.lock',
    text: `
      SELECT ${COLUMNS} FROM notify.provider_accounts
      WHERE project_id = $1 AND provider_account_id = $2 FOR UPDATE`,
    values: [projectId, providerAccountId],
  })
  return rows[0]
}

/** Writes what may change; the row is locked by the caller. */
export async function updateAccount(executor: Executor, row: AccountRow): Promise<void> {
  await executor.query({
    name: 'notify.provider_account.update',
    text: `
      UPDATE notify.provider_accounts
      SET revision = $3, display_name = $4, config = $5, sealed_secret = $6, sender = $7, enabled = $8, test = $9,
        priority = $10, update_time = $11, routing = $12
      WHERE project_id = $1 AND provider_account_id = $2`,
    values: [
      row.project_id,
      row.provider_account_id,
      row.revision,
      row.display_name,
      JSON.stringify(row.config),
      row.sealed_secret,
      row.sender,
      row.enabled,
      row.test,
      row.priority,
      row.update_time,
      JSON.stringify(row.routing),
    ],
  })
}

/** How a project's accounts fared. */
export interface AttemptCounts {
  provider_account_id: string
  accepted: bigint
  rejected: bigint
  unknown: bigint
}

/** Attempts that ended since then, by account. A BRIN index on end_time keeps older ones unread. */
export async function countAttempts(
  executor: Executor,
  projectId: string,
  since: Date,
): Promise<AttemptCounts[]> {
  const { rows } = await executor.query<AttemptCounts>({
    text: `
      SELECT provider_account_id, count(*) FILTER (WHERE outcome = 3) AS accepted,
        count(*) FILTER (WHERE outcome IN (4, 5)) AS rejected, count(*) FILTER (WHERE outcome = 6) AS unknown
      FROM notify.delivery_attempts WHERE project_id = $1 AND end_time >= $2
      GROUP BY provider_account_id`,
    values: [projectId, since],
  })
  return rows
}
