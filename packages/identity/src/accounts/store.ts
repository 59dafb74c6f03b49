import type { Executor, Tx } from '@mainstay/kernel'

export interface AccountRow {
  project_id: string
  account_id: string
  person_id: string
  live: boolean
  kind: string
  state: number
  display_name: string
  locale: string
  attributes: Record<string, unknown>
  version: string
  create_time: Date
  update_time: Date
  last_sign_in_time: Date | null
  ban_time: Date | null
  ban_reason: string
  delete_time: Date | null
  /** It signs in by nothing yet. */
  anonymous: boolean
  /** When it is to be deleted. */
  delete_due_time: Date | null
}

export interface IdentifierRow {
  type: number
  value: string
  verify_time: Date | null
}

export type AccountWithIdentifiers = AccountRow & { identifiers: IdentifierRow[] }

const COLUMNS = `a.project_id, a.account_id, a.person_id, a.live, a.kind, a.state, a.display_name, a.locale, a.attributes,
  a.version::text AS version, a.create_time, a.update_time, a.last_sign_in_time, a.ban_time, a.ban_reason, a.delete_time,
  a.anonymous, a.delete_due_time`

/** With what the account signs in by, the oldest first. */
const WITH_IDENTIFIERS = `${COLUMNS}, (
    SELECT coalesce(json_agg(json_build_object('type', i.type, 'value', i.value, 'verify_time', i.verify_time) ORDER BY i.create_time, i.type), '[]')
    FROM identity.identifiers i WHERE i.project_id = a.project_id AND i.account_id = a.account_id
  ) AS identifiers`

const ACTIVE = 1
const BANNED = 2
const DELETED = 3

/**
 * People, their first accounts and what those sign in by, in one statement. The identifiers that were free: where one is missing,
 * another account has it, and the transaction must not go on.
 */
export async function insertAccounts(
  tx: Tx,
  accounts: readonly AccountWithIdentifiers[],
): Promise<{ account_id: string; type: number; value: string }[]> {
  const { rows } = await tx.query<{ account_id: string; type: number; value: string }>({
    name: 'identity.insert_accounts',
    text: `WITH made AS (
             SELECT * FROM jsonb_to_recordset($1::jsonb) AS a (project_id uuid, account_id uuid, person_id uuid, live boolean, kind text,
               display_name text, locale text, attributes jsonb, create_time timestamptz, last_sign_in_time timestamptz,
               identifiers jsonb)
           ), person AS (
             INSERT INTO identity.people (project_id, person_id, create_time) SELECT project_id, person_id, create_time FROM made
           ), account AS (
             INSERT INTO identity.accounts (project_id, account_id, person_id, live, kind, state, display_name, locale, attributes,
               version, create_time, update_time, last_sign_in_time)
             SELECT project_id, account_id, person_id, live, kind, ${ACTIVE}, display_name, locale, attributes, 1, create_time,
               create_time, last_sign_in_time FROM made
           )
           INSERT INTO identity.identifiers (project_id, live, kind, type, value, account_id, create_time, verify_time)
           SELECT made.project_id, made.live, made.kind, i.type, i.value, made.account_id, made.create_time, i.verify_time
           FROM made CROSS JOIN LATERAL jsonb_to_recordset(made.identifiers) AS i (type smallint, value text, verify_time timestamptz)
           ORDER BY made.project_id, made.live, made.kind, i.type, i.value
           ON CONFLICT DO NOTHING RETURNING account_id, type, value`,
    values: [JSON.stringify(accounts)],
  })
  return rows
}

export interface NewIdentifier {
  projectId: string
  live: boolean
  kind: string
  type: number
  value: string
  accountId: string
  createTime: Date
  verifyTime: Date | null
}

/** False when another account of the kind has it. */
export async function insertIdentifier(tx: Tx, row: NewIdentifier): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'identity.insert_identifier',
    text: `INSERT INTO identity.identifiers (project_id, live, kind, type, value, account_id, create_time, verify_time)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
    values: [
      row.projectId,
      row.live,
      row.kind,
      row.type,
      row.value,
      row.accountId,
      row.createTime,
      row.verifyTime,
    ],
  })
  return rowCount === 1
}

export interface IdentifierKey {
  projectId: string
  live: boolean
  kind: string
  type: number
  value: string
}

/** An account, and the identifier that it was found by. */
export type SignedInAccountRow = AccountWithIdentifiers & { by_type: number; by_value: string }

/**
 * The accounts that sign in by identifiers which their owners have just proved to be theirs: notes that, and the time. Their rows are
 * locked, so that a ban at the same time comes before or after, not in between. The keys are different ones.
 */
export async function signInByIdentifiers(
  tx: Tx,
  keys: readonly IdentifierKey[],
  now: Date,
): Promise<SignedInAccountRow[]> {
  const { rows } = await tx.query<SignedInAccountRow>({
    name: 'identity.sign_in_by_identifiers',
    text: `WITH asked AS (
             SELECT * FROM unnest($1::uuid[], $2::boolean[], $3::text[], $4::smallint[], $5::text[]) AS k (project_id, live, kind, type, value)
           ), proved AS (
             SELECT i.project_id, i.account_id, i.type, i.value FROM identity.identifiers i JOIN asked USING (project_id, live, kind, type, value)
             ORDER BY i.account_id FOR KEY SHARE OF i
           ), first_time AS (
             UPDATE identity.identifiers i SET verify_time = $6 FROM asked k
             WHERE i.project_id = k.project_id AND i.live = k.live AND i.kind = k.kind AND i.type = k.type AND i.value = k.value
               AND i.verify_time IS NULL
           )
           UPDATE identity.accounts a SET last_sign_in_time = CASE WHEN a.state = ${ACTIVE} THEN $6 ELSE a.last_sign_in_time END
           FROM proved WHERE a.project_id = proved.project_id AND a.account_id = proved.account_id
           RETURNING ${WITH_IDENTIFIERS}, proved.type AS by_type, proved.value AS by_value`,
    values: [
      keys.map(({ projectId }) => projectId),
      keys.map(({ live }) => live),
      keys.map(({ kind }) => kind),
      keys.map(({ type }) => type),
      keys.map(({ value }) => value),
      now,
    ],
  })
  return rows
}

export async function findAccount(
  executor: Executor,
  projectId: string,
  accountId: string,
): Promise<AccountWithIdentifiers | undefined> {
  const { rows } = await executor.query<AccountWithIdentifiers>({
    name: 'identity.find_account',
    text: `SELECT ${WITH_IDENTIFIERS} FROM identity.accounts a WHERE project_id = $1 AND account_id = $2`,
    values: [projectId, accountId],
  })
  return rows[0]
}

export interface AccountPage {
  projectId: string
  live: boolean
  kind: string | undefined
  /** Undefined: all but the deleted. */
  state: number | undefined
  /** How a display name or an identifier begins, in lower case; empty: any. */
  text: string
  beforeId: string | undefined
  limit: number
}

/** Two index ranges: the planner takes neither for an OR over a row and its identifiers. */
const BEGINS_WITH = `AND account_id IN (
               SELECT n.account_id FROM identity.accounts n
               WHERE n.project_id = $1 AND n.live = $2 AND lower(n.display_name) LIKE $7
               UNION ALL
               SELECT i.account_id FROM identity.identifiers i
               WHERE i.project_id = $1 AND i.live = $2 AND i.value LIKE $7)`

/** Newest first, from just before one. */
export async function listAccounts(executor: Executor, page: AccountPage): Promise<AccountWithIdentifiers[]> {
  const { rows } = await executor.query<AccountWithIdentifiers>({
    text: `SELECT ${WITH_IDENTIFIERS} FROM identity.accounts a
           WHERE project_id = $1 AND live = $2 AND ($3::text IS NULL OR kind = $3)
             AND CASE WHEN $4::smallint IS NULL THEN state <> ${DELETED} ELSE state = $4 END
             AND account_id < coalesce($5::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
             ${page.text === '' ? '' : BEGINS_WITH}
           ORDER BY account_id DESC LIMIT $6`,
    values: [
      ...[page.projectId, page.live, page.kind ?? null, page.state ?? null, page.beforeId, page.limit],
      ...(page.text === '' ? [] : [`${page.text.replaceAll(/[\\%_]/g, '\\$&')}%`]),
    ],
  })
  return rows
}

/** The accounts, of every kind, that sign in by one of these. */
export async function findAccountsByIdentifier(
  executor: Executor,
  projectId: string,
  live: boolean,
  identifiers: readonly { type: number; value: string }[],
): Promise<AccountWithIdentifiers[]> {
  const { rows } = await executor.query<AccountWithIdentifiers>({
    text: `SELECT ${WITH_IDENTIFIERS} FROM identity.accounts a
           WHERE project_id = $1 AND account_id IN (
             SELECT i.account_id FROM unnest($3::smallint[], $4::text[]) AS wanted (type, value)
             JOIN identity.identifiers i ON i.project_id = $1 AND i.live = $2 AND i.type = wanted.type AND i.value = wanted.value)
           ORDER BY account_id DESC`,
    values: [projectId, live, identifiers.map(({ type }) => type), identifiers.map(({ value }) => value)],
  })
  return rows
}

/** Undefined when there is no such account, or its version is another. */
export async function updateAccount(
  tx: Tx,
  row: AccountRow,
  expectedVersion: string,
  now: Date,
): Promise<AccountRow | undefined> {
  const { rows } = await tx.query<AccountRow>({
    text: `UPDATE identity.accounts a SET display_name = $3, locale = $4, attributes = $5::jsonb, version = version + 1,
             update_time = $7
           WHERE project_id = $1 AND account_id = $2 AND version = $6::bigint AND state <> ${DELETED} RETURNING ${COLUMNS}`,
    values: [
      row.project_id,
      row.account_id,
      row.display_name,
      row.locale,
      JSON.stringify(row.attributes),
      expectedVersion,
      now,
    ],
  })
  return rows[0]
}

/** Undefined when there is no such account, or it was deleted. */
export async function setBan(
  tx: Tx,
  which: { projectId: string; accountId: string },
  ban: { time: Date | null; reason: string },
  now: Date,
): Promise<AccountRow | undefined> {
  const { rows } = await tx.query<AccountRow>({
    text: `UPDATE identity.accounts a SET state = CASE WHEN $3::timestamptz IS NULL THEN ${ACTIVE} ELSE ${BANNED} END,
             ban_time = CASE WHEN $3::timestamptz IS NULL THEN NULL ELSE coalesce(ban_time, $3) END, ban_reason = $4,
             version = version + 1, update_time = $5
           WHERE project_id = $1 AND account_id = $2 AND state <> ${DELETED} RETURNING ${COLUMNS}`,
    values: [which.projectId, which.accountId, ban.time, ban.reason, now],
  })
  return rows[0]
}

/**
 * Erases all that is personal and frees the identifiers; the id stays. Undefined when there is no such account, or it was
 * deleted before.
 */
export async function eraseAccount(
  tx: Tx,
  which: { projectId: string; accountId: string },
  now: Date,
): Promise<AccountRow | undefined> {
  const { rows } = await tx.query<AccountRow>({
    text: `WITH freed AS (DELETE FROM identity.identifiers WHERE project_id = $1 AND account_id = $2),
           unknown AS (DELETE FROM identity.external_ids WHERE project_id = $1 AND account_id = $2),
           secret AS (DELETE FROM identity.passwords WHERE project_id = $1 AND account_id = $2),
           useless AS (DELETE FROM identity.imported_passwords WHERE project_id = $1 AND account_id = $2),
           forgotten AS (
             UPDATE identity.sessions SET device = '', user_agent = '', client_address = '' WHERE project_id = $1 AND account_id = $2)
           UPDATE identity.accounts a SET state = ${DELETED}, display_name = '', locale = '', attributes = '{}', ban_reason = '',
             last_sign_in_time = NULL, delete_due_time = NULL, version = version + 1, update_time = $3, delete_time = $3
           WHERE project_id = $1 AND account_id = $2 AND state <> ${DELETED} RETURNING ${COLUMNS}`,
    values: [which.projectId, which.accountId, now],
  })
  return rows[0]
}
