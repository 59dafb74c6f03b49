import type { Executor, Tx } from '@mainstay/kernel'

export interface ChallengeRow {
  project_id: string
  challenge_id: string
  live: boolean
  kind: string
  client_id: string
  purpose: number
  type: number
  value: string
  long_code: boolean
  decoy: boolean
  device_id: string | null
  channel: number
  locale: string
  sends: number
  checks: number
  create_time: Date
  send_time: Date
  expire_time: Date
}

const COLUMNS = `project_id, challenge_id, live, kind, client_id, purpose, type, value, long_code, decoy, device_id, channel, locale, sends,
  checks, create_time, send_time, expire_time`

/** Whose wrong codes are counted together. */
export interface BudgetOf {
  projectId: string
  live: boolean
  kind: string
  type: number
  value: string
  /** The nil uuid for devices that are not known. */
  deviceId: string
}

/** What a challenge is to be, as far as the database knows: whether an account exists, and how much was guessed. */
export interface Standing {
  failures: number
  accountExists: boolean
}

export async function findStanding(executor: Executor, of: BudgetOf, since: Date): Promise<Standing> {
  const { rows } = await executor.query<{ failures: number; account_exists: boolean }>({
    name: 'identity.find_standing',
    text: `SELECT coalesce((SELECT failures FROM identity.guess_budgets
               WHERE project_id = $1 AND live = $2 AND kind = $3 AND type = $4 AND value = $5 AND device_id = $6
                 AND window_start_time > $7), 0) AS failures,
             EXISTS (SELECT FROM identity.identifiers
               WHERE project_id = $1 AND live = $2 AND kind = $3 AND type = $4 AND value = $5) AS account_exists`,
    values: [of.projectId, of.live, of.kind, of.type, of.value, of.deviceId, since],
  })
  return { failures: rows[0]?.failures ?? 0, accountExists: rows[0]?.account_exists ?? false }
}

export async function insertChallenge(executor: Executor, row: ChallengeRow): Promise<void> {
  await executor.query({
    name: 'identity.insert_challenge',
    text: `INSERT INTO identity.otp_challenges (${COLUMNS})
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
    values: [
      row.project_id,
      row.challenge_id,
      row.live,
      row.kind,
      row.client_id,
      row.purpose,
      row.type,
      row.value,
      row.long_code,
      row.decoy,
      row.device_id,
      row.channel,
      row.locale,
      row.sends,
      row.checks,
      row.create_time,
      row.send_time,
      row.expire_time,
    ],
  })
}

/** A challenge that still holds. */
export async function findChallenge(
  executor: Executor,
  which: { projectId: string; challengeId: string; clientId: string; now: Date },
): Promise<ChallengeRow | undefined> {
  const { rows } = await executor.query<ChallengeRow>({
    text: `SELECT ${COLUMNS} FROM identity.otp_challenges
           WHERE project_id = $1 AND challenge_id = $2 AND client_id = $3 AND end_time IS NULL AND expire_time > $4`,
    values: [which.projectId, which.challengeId, which.clientId, which.now],
  })
  return rows[0]
}

/** Notes one more send, of at most `mostSends` and not before `notBefore` after the last. False when it may not be. */
export async function noteSend(
  executor: Executor,
  which: {
    projectId: string
    challengeId: string
    mostSends: number
    lastBefore: Date
    channel: number
    now: Date
  },
): Promise<boolean> {
  const { rowCount } = await executor.query({
    text: `UPDATE identity.otp_challenges SET sends = sends + 1, channel = $5, send_time = $6
           WHERE project_id = $1 AND challenge_id = $2 AND sends < $3 AND send_time <= $4 AND end_time IS NULL AND expire_time > $6`,
    values: [which.projectId, which.challengeId, which.mostSends, which.lastBefore, which.channel, which.now],
  })
  return rowCount === 1
}

/**
 * Admits one check of a code, before it is compared: at most `mostChecks` of a challenge ever are. The row stays locked until the
 * transaction ends, so that of right codes at the same time one wins.
 */
export async function admitCheck(
  tx: Tx,
  which: { projectId: string; challengeId: string; clientId: string; mostChecks: number; now: Date },
): Promise<ChallengeRow | undefined> {
  const { rows } = await tx.query<ChallengeRow>({
    name: 'identity.admit_check',
    text: `UPDATE identity.otp_challenges SET checks = checks + 1
           WHERE project_id = $1 AND challenge_id = $2 AND client_id = $3 AND checks < $4 AND end_time IS NULL AND expire_time > $5
           RETURNING ${COLUMNS}`,
    values: [which.projectId, which.challengeId, which.clientId, which.mostChecks, which.now],
  })
  return rows[0]
}

export async function endChallenge(tx: Tx, projectId: string, challengeId: string, now: Date): Promise<void> {
  await tx.query({
    name: 'identity.end_challenge',
    text: `UPDATE identity.otp_challenges SET end_time = $3 WHERE project_id = $1 AND challenge_id = $2`,
    values: [projectId, challengeId, now],
  })
}

/**
 * Counts a guess before it is known to be wrong, so that guesses at the same time, on whatever challenges, cannot all be the
 * last. False when the window's budget is used up.
 */
export async function spendGuess(
  tx: Tx,
  of: BudgetOf,
  { mostFailures, now, since }: { mostFailures: number; now: Date; since: Date },
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'identity.spend_guess',
    text: `INSERT INTO identity.guess_budgets AS b (project_id, live, kind, type, value, device_id, failures, window_start_time)
           VALUES ($1, $2, $3, $4, $5, $6, 1, $7)
           ON CONFLICT (project_id, live, kind, type, value, device_id) DO UPDATE SET
             failures = CASE WHEN b.window_start_time > $8 THEN b.failures + 1 ELSE 1 END,
             window_start_time = CASE WHEN b.window_start_time > $8 THEN b.window_start_time ELSE $7 END
           WHERE b.window_start_time <= $8 OR b.failures < $9`,
    values: [of.projectId, of.live, of.kind, of.type, of.value, of.deviceId, now, since, mostFailures],
  })
  return rowCount === 1
}

/** The person proved who they are: what was guessed before is forgotten. */
export async function clearGuesses(tx: Tx, of: BudgetOf): Promise<void> {
  await tx.query({
    name: 'identity.clear_guesses',
    text: `DELETE FROM identity.guess_budgets
           WHERE project_id = $1 AND live = $2 AND kind = $3 AND type = $4 AND value = $5 AND device_id = $6`,
    values: [of.projectId, of.live, of.kind, of.type, of.value, of.deviceId],
  })
}

/** Forgets challenges and budgets that can be of no use any more, a batch at a time. How many. */
export async function deleteOldChallenges(executor: Executor, before: Date): Promise<number> {
  const challenges = await executor.query({
    text: `DELETE FROM identity.otp_challenges WHERE (project_id, challenge_id) IN (
             SELECT project_id, challenge_id FROM identity.otp_challenges WHERE expire_time < $1 LIMIT 10000)`,
    values: [before],
  })
  const budgets = await executor.query({
    text: `DELETE FROM identity.guess_budgets WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM identity.guess_budgets WHERE window_start_time < $1 LIMIT 10000))`,
    values: [before],
  })
  return (challenges.rowCount ?? 0) + (budgets.rowCount ?? 0)
}
