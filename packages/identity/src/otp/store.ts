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
 * Begins challenges. A code is long when the identifier's guesses, by this device or by all unknown ones, are used up; it is a
 * decoy when nobody has the identifier and nobody may sign up. One statement, so that both cost the same whatever they say.
 */
export async function insertChallenges(
  executor: Executor,
  challenges: readonly NewChallenge[],
): Promise<ChallengeRow[]> {
  const { rows } = await executor.query<ChallengeRow>({
    name: 'identity.insert_challenges',
    text: `INSERT INTO identity.otp_challenges (${COLUMNS})
           SELECT n.project_id, n.challenge_id, n.live, n.kind, n.client_id, n.purpose, n.type, n.value,
             coalesce((SELECT b.failures FROM identity.guess_budgets b
               WHERE b.project_id = n.project_id AND b.live = n.live AND b.kind = n.kind AND b.type = n.type AND b.value = n.value
                 AND b.device_id = coalesce(n.device_id, '00000000-0000-0000-0000-000000000000'::uuid)
                 AND b.window_start_time > n.since), 0) >= n.most_failures,
             n.invite_only AND NOT EXISTS (SELECT FROM identity.identifiers i
               WHERE i.project_id = n.project_id AND i.live = n.live AND i.kind = n.kind AND i.type = n.type AND i.value = n.value),
             n.device_id, n.channel, n.locale, 1, 0, n.create_time, n.create_time, n.expire_time
           FROM jsonb_to_recordset($1::jsonb) AS n (project_id uuid, challenge_id uuid, live boolean, kind text, client_id uuid,
             purpose smallint, type smallint, value text, device_id uuid, channel smallint, locale text, create_time timestamptz,
             expire_time timestamptz, since timestamptz, most_failures integer, invite_only boolean)
           RETURNING ${COLUMNS}`,
    values: [
      JSON.stringify(
        challenges.map(({ row, since, mostFailures, inviteOnly }) => ({
          ...row,
          ...{ since, most_failures: mostFailures, invite_only: inviteOnly },
        })),
      ),
    ],
  })
  return inOrder(challenges, rows, ({ row }) => row.challenge_id)
}

/** Rows in the order that they were asked in. */
function inOrder<A>(
  asked: readonly A[],
  rows: readonly ChallengeRow[],
  idOf: (one: A) => string,
): ChallengeRow[] {
  const byId = new Map(rows.map((row) => [row.challenge_id, row]))
  return asked.map((one) => {
    const row = byId.get(idOf(one))
    if (row === undefined) throw new TypeError('An insert without a conflict returns its rows')
    return row
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

export interface CheckQuestion {
  projectId: string
  challengeId: string
  clientId: string
}

/**
 * Admits one check of a code each, before any is compared: at most `mostChecks` of a challenge ever are. The rows stay locked
 * until the transaction ends, so that of right codes at the same time one wins. Those of challenges that hold, in no order.
 */
export async function admitChecks(
  tx: Tx,
  questions: readonly CheckQuestion[],
  { mostChecks, now }: { mostChecks: number; now: Date },
): Promise<ChallengeRow[]> {
  const { rows } = await tx.query<ChallengeRow>({
    name: 'identity.admit_checks',
    text: `UPDATE identity.otp_challenges c SET checks = c.checks + 1
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS asked (project_id, challenge_id, client_id)
           WHERE c.project_id = asked.project_id AND c.challenge_id = asked.challenge_id AND c.client_id = asked.client_id
             AND c.checks < $4 AND c.end_time IS NULL AND c.expire_time > $5
           RETURNING ${COLUMNS.replaceAll(/(\w+)/g, 'c.$1')}`,
    values: [
      questions.map(({ projectId }) => projectId),
      questions.map(({ challengeId }) => challengeId),
      questions.map(({ clientId }) => clientId),
      mostChecks,
      now,
    ],
  })
  return rows
}

/** Whose guesses are counted together. */
export type Budget = Pick<ChallengeRow, 'project_id' | 'live' | 'kind' | 'type' | 'value' | 'device_id'>

/** What wrong codes are counted by. */
export function budgetKeyOf(row: Budget): string {
  const { project_id, live, kind, type, value, device_id } = row
  return JSON.stringify([project_id, live, kind, type, value, device_id])
}

/**
 * Counts guesses at short codes before they are known to be wrong: at most `mostFailures` of an identifier in the window, on whatever
 * challenges and however many at once. The challenges are of different budgets; the keys of those whose budget allows it.
 */
export async function spendGuesses(
  tx: Tx,
  challenges: readonly Budget[],
  { mostFailures, now, since }: { mostFailures: number; now: Date; since: Date },
): Promise<Set<string>> {
  const { rows } = await tx.query<ChallengeRow>({
    name: 'identity.spend_guesses',
    text: `INSERT INTO identity.guess_budgets AS b (project_id, live, kind, type, value, device_id, failures, window_start_time)
           SELECT project_id, live, kind, type, value, coalesce(device_id, '${NO_DEVICE}'::uuid), 1, $2
           FROM jsonb_to_recordset($1::jsonb) AS c (project_id uuid, live boolean, kind text, type smallint, value text, device_id uuid)
           ORDER BY project_id, live, kind, type, value, device_id
           ON CONFLICT (project_id, live, kind, type, value, device_id) DO UPDATE SET
             failures = CASE WHEN b.window_start_time > $3 THEN b.failures + 1 ELSE 1 END,
             window_start_time = CASE WHEN b.window_start_time > $3 THEN b.window_start_time ELSE $2 END
           WHERE b.window_start_time <= $3 OR b.failures < $4
           RETURNING project_id, live, kind, type, value, nullif(device_id, '${NO_DEVICE}'::uuid) AS device_id`,
    values: [JSON.stringify(challenges), now, since, mostFailures],
  })
  return new Set(rows.map(budgetKeyOf))
}

/** Ends challenges whose codes were right, and forgets what was guessed before: the people proved who they are. */
export async function endChallenges(tx: Tx, challenges: readonly ChallengeRow[], now: Date): Promise<void> {
  await tx.query({
    name: 'identity.end_challenges',
    text: `WITH ended AS (
             SELECT * FROM jsonb_to_recordset($1::jsonb) AS c (project_id uuid, challenge_id uuid, live boolean, kind text,
               type smallint, value text, device_id uuid)
           ), cleared AS (
             DELETE FROM identity.guess_budgets b USING ended e
             WHERE b.project_id = e.project_id AND b.live = e.live AND b.kind = e.kind AND b.type = e.type AND b.value = e.value
               AND b.device_id = coalesce(e.device_id, '${NO_DEVICE}'::uuid)
           )
           UPDATE identity.otp_challenges c SET end_time = $2 FROM ended e
           WHERE c.project_id = e.project_id AND c.challenge_id = e.challenge_id`,
    values: [JSON.stringify(challenges), now],
  })
}

/** Forgets what was guessed: the person proved who they are. */
export async function clearGuesses(tx: Tx, budget: Budget): Promise<void> {
  await tx.query({
    name: 'identity.clear_guesses',
    text: `DELETE FROM identity.guess_budgets WHERE project_id = $1 AND live = $2 AND kind = $3 AND type = $4 AND value = $5
             AND device_id = coalesce($6, '${NO_DEVICE}'::uuid)`,
    values: [budget.project_id, budget.live, budget.kind, budget.type, budget.value, budget.device_id],
  })
}

/** Whom guesses from devices that are not known are counted for. */
const NO_DEVICE = '00000000-0000-0000-0000-000000000000'

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
