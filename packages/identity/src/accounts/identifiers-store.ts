import type { Tx } from '@mainstay/kernel'
import type { CanonicalIdentifier } from '../identifiers.ts'
import type { ChallengeRow } from '../otp/store.ts'

/** Says which account a code is for: a code that adds something to one adds it to no other. */
export async function bindChallenge(
  executor: Pick<Tx, 'query'>,
  which: { projectId: string; challengeId: string; accountId: string },
): Promise<void> {
  await executor.query({
    text: `UPDATE identity.otp_challenges SET account_id = $3 WHERE project_id = $1 AND challenge_id = $2`,
    values: [which.projectId, which.challengeId, which.accountId],
  })
}

/** Admits one check of the code before it is compared, as `admitChecks` does for signing in. */
export async function admitBoundCheck(
  tx: Tx,
  which: { projectId: string; challengeId: string; accountId: string; purpose: number },
  { mostChecks, now }: { mostChecks: number; now: Date },
): Promise<ChallengeRow | undefined> {
  const { rows } = await tx.query<ChallengeRow>({
    text: `UPDATE identity.otp_challenges SET checks = checks + 1
           WHERE project_id = $1 AND challenge_id = $2 AND account_id = $3 AND purpose = $4 AND checks < $5 AND end_time IS NULL
             AND expire_time > $6
           RETURNING project_id, challenge_id, live, kind, client_id, purpose, type, value, long_code, decoy, device_id, channel, locale,
             sends, checks, create_time, send_time, expire_time`,
    values: [which.projectId, which.challengeId, which.accountId, which.purpose, mostChecks, now],
  })
  return rows[0]
}

export interface OwnIdentifier extends CanonicalIdentifier {
  projectId: string
  live: boolean
  kind: string
  accountId: string
}

/** False when another account of the kind has it. One that the account has already is verified, if it was not. */
export async function addIdentifier(
  tx: Tx,
  row: OwnIdentifier & { verifyTime: Date | null },
  now: Date,
): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `INSERT INTO identity.identifiers AS i (project_id, live, kind, type, value, account_id, create_time, verify_time)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (project_id, live, kind, type, value) DO UPDATE SET verify_time = coalesce(i.verify_time, excluded.verify_time)
           WHERE i.account_id = excluded.account_id`,
    values: [row.projectId, row.live, row.kind, row.type, row.value, row.accountId, now, row.verifyTime],
  })
  return rowCount === 1
}

/** False when the account has no such identifier. */
export async function removeIdentifier(tx: Tx, row: OwnIdentifier): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `DELETE FROM identity.identifiers
           WHERE project_id = $1 AND live = $2 AND kind = $3 AND type = $4 AND value = $5 AND account_id = $6`,
    values: [row.projectId, row.live, row.kind, row.type, row.value, row.accountId],
  })
  return rowCount === 1
}

/** Notes that what an account signs in by has changed; it is anonymous no longer once it signs in by something. */
export async function touchAccount(
  tx: Tx,
  which: { projectId: string; accountId: string },
  now: Date,
): Promise<void> {
  await tx.query({
    text: `UPDATE identity.accounts a SET version = version + 1, update_time = $3,
             anonymous = anonymous AND NOT EXISTS (
               SELECT FROM identity.identifiers i WHERE i.project_id = $1 AND i.account_id = $2)
           WHERE project_id = $1 AND account_id = $2`,
    values: [which.projectId, which.accountId, now],
  })
}

export async function markAnonymous(tx: Tx, which: { projectId: string; accountId: string }): Promise<void> {
  await tx.query({
    text: `UPDATE identity.accounts SET anonymous = true WHERE project_id = $1 AND account_id = $2`,
    values: [which.projectId, which.accountId],
  })
}

/** Makes changes of one account take turns. False when it is not there. */
export async function lockAccount(tx: Tx, which: { projectId: string; accountId: string }): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `SELECT FROM identity.accounts WHERE project_id = $1 AND account_id = $2 FOR UPDATE`,
    values: [which.projectId, which.accountId],
  })
  return rowCount === 1
}
