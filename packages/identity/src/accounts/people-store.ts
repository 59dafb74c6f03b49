import type { Executor, Tx } from '@mainstay/kernel'

/** Locks accounts and the people behind them, always in the same order; their people as they are then, by account. */
export async function lockPeople(
  tx: Tx,
  projectId: string,
  accountIds: readonly string[],
): Promise<Map<string, string>> {
  const accounts = await tx.query<{ account_id: string; person_id: string }>({
    text: `SELECT account_id, person_id FROM identity.accounts WHERE project_id = $1 AND account_id = ANY($2)
           ORDER BY account_id FOR UPDATE`,
    values: [projectId, accountIds],
  })
  const people = new Map(accounts.rows.map((row) => [row.account_id, row.person_id]))
  await tx.query({
    text: `SELECT FROM identity.people WHERE project_id = $1 AND person_id = ANY($2) ORDER BY person_id FOR UPDATE`,
    values: [projectId, [...people.values()]],
  })
  return people
}

/** The ids of a person's accounts that were not deleted, the oldest first. */
export async function listAccountIdsOf(
  executor: Executor,
  projectId: string,
  personId: string,
): Promise<string[]> {
  const { rows } = await executor.query<{ account_id: string }>({
    text: `SELECT account_id FROM identity.accounts WHERE project_id = $1 AND person_id = $2 AND state <> 3 ORDER BY account_id`,
    values: [projectId, personId],
  })
  return rows.map(({ account_id }) => account_id)
}

/** Makes all accounts of one person another's, and forgets the first. */
export async function mergePeople(
  tx: Tx,
  projectId: string,
  people: { from: string; into: string },
  now: Date,
): Promise<void> {
  await tx.query({
    text: `UPDATE identity.accounts SET person_id = $3, version = version + 1, update_time = $4
           WHERE project_id = $1 AND person_id = $2`,
    values: [projectId, people.from, people.into, now],
  })
  await tx.query({
    text: `DELETE FROM identity.people WHERE project_id = $1 AND person_id = $2`,
    values: [projectId, people.from],
  })
}

/** Gives an account a new person of its own. */
export async function splitPerson(
  tx: Tx,
  which: { projectId: string; accountId: string; personId: string },
  now: Date,
): Promise<void> {
  await tx.query({
    text: `INSERT INTO identity.people (project_id, person_id, create_time) VALUES ($1, $2, $3)`,
    values: [which.projectId, which.personId, now],
  })
  await tx.query({
    text: `UPDATE identity.accounts SET person_id = $3, version = version + 1, update_time = $4
           WHERE project_id = $1 AND account_id = $2`,
    values: [which.projectId, which.accountId, which.personId, now],
  })
}
