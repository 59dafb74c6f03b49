import type { Executor, Tx } from '@mainstay/kernel'
import type { IdentifierKey } from '../accounts/store.ts'

export interface PasswordRow {
  account_id: string
  state: number
  display_name: string
  hash: string | null
  /** Of the product that the account came from; null where there is none. */
  imported: { scheme: string; hash: string; parameters: Record<string, unknown>; sealed: string } | null
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
    text: `SELECT a.account_id, a.state, a.display_name, p.hash, i.type, i.value,
             (SELECT json_build_object('scheme', m.scheme, 'hash', m.hash, 'parameters', m.parameters, 'sealed', encode(m.sealed, 'base64'))
              FROM identity.imported_passwords m WHERE m.project_id = a.project_id AND m.account_id = a.account_id) AS imported
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

/**
 * Puts a hash of ours in the place of another of the same password, unless that was changed meanwhile, and forgets the one that came
 * from elsewhere: it is the easier one to guess. `from` is null where there is none but that.
 */
export async function replaceHash(
  tx: Tx,
  {
    projectId,
    accountId,
    from,
    to,
  }: { projectId: string; accountId: string; from: string | null; to: string },
  now: Date,
): Promise<void> {
  await tx.query({
    text: `INSERT INTO identity.passwords AS p (project_id, account_id, hash, update_time) VALUES ($1, $2, $4, $5)
           ON CONFLICT (project_id, account_id) DO UPDATE SET hash = excluded.hash WHERE p.hash = $3`,
    values: [projectId, accountId, from, to, now],
  })
  await tx.query({
    text: 'DELETE FROM identity.imported_passwords WHERE project_id = $1 AND account_id = $2',
    values: [projectId, accountId],
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
