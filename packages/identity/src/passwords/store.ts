import type { Executor, Tx } from '@mainstay/kernel'
import type { IdentifierKey } from '../accounts/store.ts'

export interface PasswordRow {
  account_id: string
  state: number
  display_name: string
  hash: string | null
}

/** The account that signs in by one of these, and its hash; null where it has none. */
export async function findPassword(
  executor: Executor,
  keys: readonly IdentifierKey[],
): Promise<(PasswordRow & { type: number; value: string }) | undefined> {
  const [key] = keys
  if (key === undefined) return
  const { rows } = await executor.query<PasswordRow & { type: number; value: string }>({
    name: 'identity.find_password',
    text: `SELECT a.account_id, a.state, a.display_name, p.hash, i.type, i.value
           FROM unnest($4::smallint[], $5::text[]) AS k (type, value)
           JOIN identity.identifiers i ON i.project_id = $1 AND i.live = $2 AND i.kind = $3 AND i.type = k.type AND i.value = k.value
           JOIN identity.accounts a ON a.project_id = i.project_id AND a.account_id = i.account_id
           LEFT JOIN identity.passwords p ON p.project_id = a.project_id AND p.account_id = a.account_id LIMIT 1`,
    values: [key.projectId, key.live, key.kind, keys.map(({ type }) => type), keys.map(({ value }) => value)],
  })
  return rows[0]
}

export async function findHash(
  executor: Executor,
  projectId: string,
  accountId: string,
): Promise<string | undefined> {
  const { rows } = await executor.query<{ hash: string }>({
    text: 'SELECT hash FROM identity.passwords WHERE project_id = $1 AND account_id = $2',
    values: [projectId, accountId],
  })
  return rows[0]?.hash
}

export async function upsertHash(
  tx: Executor,
  { projectId, accountId, hash }: { projectId: string; accountId: string; hash: string },
  now: Date,
): Promise<void> {
  await tx.query({
    text: `INSERT INTO identity.passwords (project_id, account_id, hash, update_time) VALUES ($1, $2, $3, $4)
           ON CONFLICT (project_id, account_id) DO UPDATE SET hash = excluded.hash, update_time = excluded.update_time`,
    values: [projectId, accountId, hash, now],
  })
}

/** Replaces a hash by another of the same password, unless it was changed meanwhile. */
export async function replaceHash(
  executor: Executor,
  { projectId, accountId, from, to }: { projectId: string; accountId: string; from: string; to: string },
): Promise<void> {
  await executor.query({
    text: 'UPDATE identity.passwords SET hash = $4 WHERE project_id = $1 AND account_id = $2 AND hash = $3',
    values: [projectId, accountId, from, to],
  })
}

/** Ends all of an account's sessions but one. */
export async function listOtherSessions(
  tx: Tx,
  { projectId, accountId, sessionId }: { projectId: string; accountId: string; sessionId: string },
): Promise<string[]> {
  const { rows } = await tx.query<{ session_id: string }>({
    text: `SELECT session_id FROM identity.sessions
           WHERE project_id = $1 AND account_id = $2 AND session_id <> $3 AND end_time IS NULL LIMIT 1000`,
    values: [projectId, accountId, sessionId],
  })
  return rows.map(({ session_id }) => session_id)
}
