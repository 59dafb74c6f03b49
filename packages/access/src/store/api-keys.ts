import type { Executor, Tx } from '@mainstay/kernel'
import type { KeyUse } from '../last-use.ts'

export interface ApiKeyRow {
  project_id: string
  api_key_id: string
  public_id: string
  live: boolean
  display_name: string
  scopes: string[]
  create_time: Date
  expire_time: Date | null
  last_use_time: Date | null
  revoke_time: Date | null
}

/** A key as authentication needs it. */
export interface KeyWithSecret extends ApiKeyRow {
  secret_hash: Buffer
  project_slug: string
}

const COLUMNS = `project_id, api_key_id, public_id, live, display_name, scopes, create_time, expire_time, last_use_time, revoke_time`

export async function insertApiKey(tx: Tx, row: ApiKeyRow, secretHash: Uint8Array): Promise<void> {
  await tx.query({
    text: `INSERT INTO access.api_keys (project_id, api_key_id, public_id, secret_hash, live, display_name, scopes,
             create_time, expire_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    values: [
      row.project_id,
      row.api_key_id,
      row.public_id,
      secretHash,
      row.live,
      row.display_name,
      row.scopes,
      row.create_time,
      row.expire_time,
    ],
  })
}

/**
 * The keys of these public ids, and the key revision of the same snapshot: always at least one row, with nulls for
 * a key when none was found.
 */
export async function findKeys(
  executor: Executor,
  publicIds: readonly string[],
): Promise<{ revision: bigint; keys: KeyWithSecret[] }> {
  const { rows } = await executor.query<{ revision: bigint } & KeyWithSecret>({
    name: 'access.find_keys',
    text: `SELECT r.revision, k.*, p.slug AS project_slug FROM access.key_revision r
           LEFT JOIN (access.api_keys k JOIN access.projects p USING (project_id)) ON k.public_id = ANY ($1)`,
    values: [publicIds],
  })
  const revision = rows[0]?.revision
  if (revision === undefined) throw new TypeError('access.key_revision has lost its row')
  return { revision, keys: rows.filter((row) => row.public_id !== null) }
}

/** Read and locked, for a change that depends on what it is. */
export async function lockApiKey(
  tx: Tx,
  projectId: string,
  apiKeyId: string,
): Promise<ApiKeyRow | undefined> {
  const { rows } = await tx.query<ApiKeyRow>({
    text: `SELECT ${COLUMNS} FROM access.api_keys WHERE project_id = $1 AND api_key_id = $2 FOR NO KEY UPDATE`,
    values: [projectId, apiKeyId],
  })
  return rows[0]
}

export async function findApiKey(
  executor: Executor,
  projectId: string,
  apiKeyId: string,
): Promise<ApiKeyRow | undefined> {
  const { rows } = await executor.query<ApiKeyRow>({
    text: `SELECT ${COLUMNS} FROM access.api_keys WHERE project_id = $1 AND api_key_id = $2`,
    values: [projectId, apiKeyId],
  })
  return rows[0]
}

export async function setRevoked(tx: Tx, row: ApiKeyRow, revokeTime: Date): Promise<void> {
  await tx.query({
    text: `UPDATE access.api_keys SET revoke_time = $3 WHERE project_id = $1 AND api_key_id = $2`,
    values: [row.project_id, row.api_key_id, revokeTime],
  })
}

/** The row's lock orders the changes by commit, so that nobody reads a revision without the change behind it. */
export async function growKeyRevision(tx: Tx): Promise<void> {
  await tx.query({ text: `UPDATE access.key_revision SET revision = revision + 1` })
}

/** Newest first, from just before a key. `activeAt` leaves out what was revoked or had expired by then. */
export async function listApiKeys(
  executor: Executor,
  page: { projectId: string; beforeId: string | undefined; activeAt: Date | undefined; limit: number },
): Promise<ApiKeyRow[]> {
  const { rows } = await executor.query<ApiKeyRow>({
    name: 'access.list_api_keys',
    text: `SELECT ${COLUMNS} FROM access.api_keys
           WHERE project_id = $1 AND api_key_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
             AND ($3::timestamptz IS NULL OR revoke_time IS NULL AND (expire_time IS NULL OR expire_time > $3))
           ORDER BY api_key_id DESC LIMIT $4`,
    values: [page.projectId, page.beforeId, page.activeAt, page.limit],
  })
  return rows
}

/**
 * Many keys' last use in one statement. Another process may be writing the same keys: those rows are skipped, since
 * that process writes nearly the same time.
 */
export async function writeLastUse(executor: Executor, uses: readonly KeyUse[]): Promise<void> {
  await executor.query({
    name: 'access.write_last_use',
    text: `WITH uses AS (
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS u (project_id, api_key_id, use_time)
           ), due AS (
             SELECT k.project_id, k.api_key_id, u.use_time FROM access.api_keys k JOIN uses u USING (project_id, api_key_id)
             WHERE k.last_use_time IS NULL OR k.last_use_time < u.use_time FOR NO KEY UPDATE OF k SKIP LOCKED
           )
           UPDATE access.api_keys k SET last_use_time = due.use_time FROM due
           WHERE k.project_id = due.project_id AND k.api_key_id = due.api_key_id`,
    values: [
      uses.map((use) => use.projectId),
      uses.map((use) => use.apiKeyId),
      uses.map((use) => use.useTime),
    ],
  })
}
