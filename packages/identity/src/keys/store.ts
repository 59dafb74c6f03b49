import type { Executor } from '@mainstay/kernel'
import type { JWK } from 'jose'

export interface SigningKeyRow {
  sequence: number
  key_id: string
  public_jwk: JWK
  private_jwk: Buffer
  create_time: Date
  sign_time: Date
}

/** A project's keys, newest first. */
export async function listSigningKeys(
  executor: Executor,
  projectId: string,
  live: boolean,
): Promise<SigningKeyRow[]> {
  const { rows } = await executor.query<SigningKeyRow>({
    name: 'identity.list_signing_keys',
    text: `SELECT sequence, key_id, public_jwk, private_jwk, create_time, sign_time FROM identity.signing_keys
           WHERE project_id = $1 AND live = $2 ORDER BY sequence DESC`,
    values: [projectId, live],
  })
  return rows
}

/** False when another process made the key of this sequence first, or there is no such project. */
export async function insertSigningKey(
  executor: Executor,
  projectId: string,
  live: boolean,
  row: SigningKeyRow,
): Promise<boolean> {
  const { rowCount } = await executor.query({
    text: `INSERT INTO identity.signing_keys (project_id, live, sequence, key_id, public_jwk, private_jwk, create_time, sign_time)
           SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE EXISTS (SELECT FROM access.projects WHERE project_id = $1) ON CONFLICT DO NOTHING`,
    values: [
      projectId,
      live,
      row.sequence,
      row.key_id,
      JSON.stringify(row.public_jwk),
      row.private_jwk,
      row.create_time,
      row.sign_time,
    ],
  })
  return rowCount === 1
}

/** Keys that the next one replaced before `before`: no token of theirs is good any more. */
export async function deleteOldSigningKeys(executor: Executor, before: Date): Promise<void> {
  await executor.query({
    text: `DELETE FROM identity.signing_keys old USING identity.signing_keys next
           WHERE next.project_id = old.project_id AND next.live = old.live AND next.sequence = old.sequence + 1
             AND next.sign_time < $1`,
    values: [before],
  })
}

/** Projects whose newest key signs since before `before`. */
export async function listKeysToRotate(
  executor: Executor,
  before: Date,
): Promise<{ project_id: string; live: boolean; sequence: number }[]> {
  const { rows } = await executor.query<{ project_id: string; live: boolean; sequence: number }>({
    text: `SELECT project_id, live, sequence FROM (
             SELECT DISTINCT ON (project_id, live) project_id, live, sequence, sign_time FROM identity.signing_keys
             ORDER BY project_id, live, sequence DESC
           ) newest WHERE sign_time < $1`,
    values: [before],
  })
  return rows
}
