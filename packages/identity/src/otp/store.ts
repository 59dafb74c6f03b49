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

/** What only the database knows of a new challenge, and the challenge decides by. */
export interface NewChallenge {
  row: Omit<ChallengeRow, 'long_code' | 'decoy' | 'sends' | 'checks' | 'send_time'>
  /** Wrong codes of a day from which on a code is long. */
  mostFailures: number
  since: Date
  /** Whether only those who have an account get a code. */
  inviteOnly: boolean
}

/**
 * Begins a challenge. Its code is long when the identifier's guesses, by this device or by all unknown ones, are used up; it is a
 * decoy when nobody has the identifier and nobody may sign up. One statement, so that both cost the same whatever they say.
 */
export async function insertChallenge(
  executor: Executor,
  { row, mostFailures, since, inviteOnly }: NewChallenge,
): Promise<ChallengeRow> {
  const { rows } = await executor.query<ChallengeRow>({
    name: 'identity.insert_challenge',
    text: `INSERT INTO identity.otp_challenges (${COLUMNS})
           SELECT $1, $2, $3, $4, $5, $6, $7, $8,
             coalesce((SELECT failures FROM identity.guess_budgets
               WHERE project_id = $1 AND live = $3 AND kind = $4 AND type = $7 AND value = $8
                 AND device_id = coalesce($9, '00000000-0000-0000-0000-000000000000'::uuid)
                 AND window_start_time > $14), 0) >= $15,
             NOT EXISTS (SELECT FROM identity.identifiers
               WHERE project_id = $1 AND live = $3 AND kind = $4 AND type = $7 AND value = $8) AND $16,
             $9::uuid, $10, $11, 1, 0, $12, $12, $13
           RETURNING ${COLUMNS}`,
    values: [
      row.project_id,
      row.challenge_id,
      row.live,
      row.kind,
      row.client_id,
      row.purpose,
      row.type,
      row.value,
      row.device_id,
      row.channel,
      row.locale,
      row.create_time,
      row.expire_time,
      since,
      mostFailures,
      inviteOnly,
    ],
  })
  const [inserted] = rows
  if (inserted === undefined) throw new TypeError('An insert without a conflict returns its row')
  return inserted
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

export interface CheckQuestion {
  projectId: string
  challengeId: string
  clientId: string
  /** Of one challenge, ever. */
  mostChecks: number
  /** Of one identifier's short codes, in the window. */
  mostFailures: number
  now: Date
  /** The beginning of the window. */
  since: Date
}

/**
 * Admits one check of a code, before it is compared: at most `mostChecks` of a challenge ever are, and of short codes at most
 * `mostFailures` of an identifier in the window, on whatever challenges and however many at once; a guess is counted before it
 * is known to be wrong. Both rows stay locked until the transaction ends, always in this order, so that of right codes at the
 * same time one wins. `mayGuess` is false when the identifier's budget is used up.
 */
export async function admitCheck(
  tx: Tx,
  question: CheckQuestion,
): Promise<(ChallengeRow & { may_guess: boolean }) | undefined> {
  const { rows } = await tx.query<ChallengeRow & { may_guess: boolean }>({
    name: 'identity.admit_check',
    text: `WITH challenge AS (
             UPDATE identity.otp_challenges SET checks = checks + 1
             WHERE project_id = $1 AND challenge_id = $2 AND client_id = $3 AND checks < $4 AND end_time IS NULL AND expire_time > $5
             RETURNING ${COLUMNS}
           ), guess AS (
             INSERT INTO identity.guess_budgets AS b (project_id, live, kind, type, value, device_id, failures, window_start_time)
             SELECT project_id, live, kind, type, value, coalesce(device_id, '00000000-0000-0000-0000-000000000000'::uuid), 1, $5
             FROM challenge WHERE NOT long_code
             ON CONFLICT (project_id, live, kind, type, value, device_id) DO UPDATE SET
               failures = CASE WHEN b.window_start_time > $6 THEN b.failures + 1 ELSE 1 END,
               window_start_time = CASE WHEN b.window_start_time > $6 THEN b.window_start_time ELSE $5 END
             WHERE b.window_start_time <= $6 OR b.failures < $7
             RETURNING 1
           )
           SELECT challenge.*, long_code OR EXISTS (SELECT FROM guess) AS may_guess FROM challenge`,
    values: [
      question.projectId,
      question.challengeId,
      question.clientId,
      question.mostChecks,
      question.now,
      question.since,
      question.mostFailures,
    ],
  })
  return rows[0]
}

/** Ends a challenge whose code was right, and forgets what was guessed before: the person proved who they are. */
export async function endChallenge(tx: Tx, row: ChallengeRow, now: Date): Promise<void> {
  await tx.query({
    name: 'identity.end_challenge',
    text: `WITH cleared AS (
             DELETE FROM identity.guess_budgets
             WHERE project_id = $1 AND live = $4 AND kind = $5 AND type = $6 AND value = $7
               AND device_id = coalesce($8, '00000000-0000-0000-0000-000000000000'::uuid)
           )
           UPDATE identity.otp_challenges SET end_time = $3 WHERE project_id = $1 AND challenge_id = $2`,
    values: [row.project_id, row.challenge_id, now, row.live, row.kind, row.type, row.value, row.device_id],
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
