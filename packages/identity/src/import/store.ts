import type { Tx } from '@mainstay/kernel'

export interface ExternalKey {
  projectId: string
  live: boolean
  kind: string
  source: string
  externalId: string
}

export async function findByExternalId(tx: Tx, key: ExternalKey): Promise<string | undefined> {
  const { rows } = await tx.query<{ account_id: string }>({
    name: 'identity.find_by_external_id',
    text: `SELECT account_id FROM identity.external_ids
           WHERE project_id = $1 AND live = $2 AND kind = $3 AND source = $4 AND external_id = $5`,
    values: [key.projectId, key.live, key.kind, key.source, key.externalId],
  })
  return rows[0]?.account_id
}

/** False when somebody else took it in at the same time. */
export async function insertExternalId(
  tx: Tx,
  key: ExternalKey,
  accountId: string,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'identity.insert_external_id',
    text: `INSERT INTO identity.external_ids (project_id, live, kind, source, external_id, account_id, create_time)
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
    values: [key.projectId, key.live, key.kind, key.source, key.externalId, accountId, now],
  })
  return rowCount === 1
}

export interface PasswordRow {
  projectId: string
  accountId: string
  scheme: string
  hash: string
  parameters: Record<string, unknown>
  sealed: Uint8Array
}

/** Keeps a hash. False when it is the one that is kept already. */
export async function keepPassword(tx: Tx, row: PasswordRow, now: Date): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'identity.keep_password',
    text: `INSERT INTO identity.imported_passwords AS p (project_id, account_id, scheme, hash, parameters, sealed, create_time)
           VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7)
           ON CONFLICT (project_id, account_id) DO UPDATE SET scheme = excluded.scheme, hash = excluded.hash,
             parameters = excluded.parameters, sealed = excluded.sealed, create_time = excluded.create_time
           WHERE (p.scheme, p.hash, p.parameters) IS DISTINCT FROM (excluded.scheme, excluded.hash, excluded.parameters)`,
    values: [
      row.projectId,
      row.accountId,
      row.scheme,
      row.hash,
      JSON.stringify(row.parameters),
      row.sealed,
      now,
    ],
  })
  return rowCount === 1
}

/** The hash that was kept before. */
export async function findKeptPassword(
  tx: Tx,
  which: { projectId: string; accountId: string },
): Promise<{ scheme: string; hash: string; parameters: Record<string, string | number> } | undefined> {
  const { rows } = await tx.query<{
    scheme: string
    hash: string
    parameters: Record<string, string | number>
  }>({
    text: `SELECT scheme, hash, parameters FROM identity.imported_passwords WHERE project_id = $1 AND account_id = $2`,
    values: [which.projectId, which.accountId],
  })
  return rows[0]
}

/** Makes a hash the account's password, unless it has one that did not come by an import. */
export async function usePassword(
  tx: Tx,
  which: { projectId: string; accountId: string; hash: string; before: string | undefined },
  now: Date,
): Promise<void> {
  await tx.query({
    text: `INSERT INTO identity.passwords AS p (project_id, account_id, hash, update_time) VALUES ($1, $2, $3, $5)
           ON CONFLICT (project_id, account_id) DO UPDATE SET hash = excluded.hash, update_time = excluded.update_time
           WHERE p.hash = $4`,
    values: [which.projectId, which.accountId, which.hash, which.before ?? null, now],
  })
}

/** Everything after it can be taken back without the rest of the transaction. */
export async function savepoint(tx: Tx, name: 'row' | 'dry_run'): Promise<void> {
  await tx.query({ text: `SAVEPOINT import_${name}` })
}

export async function takeBack(tx: Tx, name: 'row' | 'dry_run'): Promise<void> {
  await tx.query({ text: `ROLLBACK TO SAVEPOINT import_${name}` })
}

export async function release(tx: Tx, name: 'row' | 'dry_run'): Promise<void> {
  await tx.query({ text: `RELEASE SAVEPOINT import_${name}` })
}
