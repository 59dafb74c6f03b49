import type { Executor, Tx } from '@mainstay/kernel'

/** Says when an account is to be deleted; null: not at all. False when it is not there, or was deleted. */
export async function setDeleteDue(
  tx: Tx,
  which: { projectId: string; accountId: string },
  due: Date | null,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `UPDATE identity.accounts SET delete_due_time = $3, version = version + 1, update_time = $4
           WHERE project_id = $1 AND account_id = $2 AND delete_time IS NULL`,
    values: [which.projectId, which.accountId, due, now],
  })
  return rowCount === 1
}

/** Accounts whose time of grace is over. */
export async function findDue(
  executor: Executor,
  now: Date,
  limit: number,
): Promise<{ project_id: string; account_id: string }[]> {
  const { rows } = await executor.query<{ project_id: string; account_id: string }>({
    text: `SELECT project_id, account_id FROM identity.accounts WHERE delete_due_time <= $1 ORDER BY delete_due_time LIMIT $2`,
    values: [now, limit],
  })
  return rows
}

/** Whether it is due still, under a lock: its owner may keep it at this moment. */
export async function isDue(
  tx: Tx,
  which: { projectId: string; accountId: string },
  now: Date,
): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `SELECT FROM identity.accounts WHERE project_id = $1 AND account_id = $2 AND delete_due_time <= $3 FOR UPDATE`,
    values: [which.projectId, which.accountId, now],
  })
  return rowCount === 1
}
