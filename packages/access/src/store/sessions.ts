import type { Executor, Tx } from '@mainstay/kernel'

export interface OperatorRow {
  operator_id: string
  display_name: string
  permissions: string[]
}

/** A session that holds, its operator, and the project that was named, when there is such a one. */
export interface SessionRow extends OperatorRow {
  session_id: string
  last_use_time: Date
  project_id: string | null
}

export interface SessionQuestion {
  tokenHash: Buffer
  /** The project named by the request, as one of the two. */
  projectId: string | undefined
  projectSlug: string | undefined
  now: Date
  /** A session last used before this has ended. */
  idleSince: Date
}

/** One statement for all that authentication must know of an operator's request. */
export async function findSession(
  executor: Executor,
  question: SessionQuestion,
): Promise<SessionRow | undefined> {
  const { rows } = await executor.query<SessionRow>({
    name: 'access.find_session',
    text: `SELECT s.session_id, s.last_use_time, o.operator_id, o.display_name, o.permissions, p.project_id
           FROM access.sessions s
           JOIN access.operators o USING (operator_id)
           LEFT JOIN access.projects p ON p.project_id = $2 OR p.slug = $3
           WHERE s.token_hash = $1 AND s.expire_time > $4 AND s.last_use_time > $5`,
    values: [question.tokenHash, question.projectId, question.projectSlug, question.now, question.idleSince],
  })
  return rows[0]
}

export async function touchSession(executor: Executor, tokenHash: Buffer, now: Date): Promise<void> {
  await executor.query({
    name: 'access.touch_session',
    text: `UPDATE access.sessions SET last_use_time = $2 WHERE token_hash = $1 AND last_use_time < $2`,
    values: [tokenHash, now],
  })
}

export async function insertSession(
  tx: Tx,
  row: { tokenHash: Buffer; sessionId: string; operatorId: string; createTime: Date; expireTime: Date },
): Promise<void> {
  await tx.query({
    text: `INSERT INTO access.sessions (token_hash, session_id, operator_id, create_time, expire_time, last_use_time)
           VALUES ($1, $2, $3, $4, $5, $4)`,
    values: [row.tokenHash, row.sessionId, row.operatorId, row.createTime, row.expireTime],
  })
}

/** The session that ended, or undefined when there was none. */
export async function deleteSession(
  tx: Tx,
  tokenHash: Buffer,
): Promise<{ session_id: string; operator_id: string } | undefined> {
  const { rows } = await tx.query<{ session_id: string; operator_id: string }>({
    text: `DELETE FROM access.sessions WHERE token_hash = $1 RETURNING session_id, operator_id`,
    values: [tokenHash],
  })
  return rows[0]
}

export async function insertSignInLink(
  tx: Tx,
  row: { tokenHash: Buffer; operatorId: string; createTime: Date; expireTime: Date },
): Promise<void> {
  await tx.query({
    text: `INSERT INTO access.sign_in_links (token_hash, operator_id, create_time, expire_time) VALUES ($1, $2, $3, $4)`,
    values: [row.tokenHash, row.operatorId, row.createTime, row.expireTime],
  })
}

/**
 * Uses a link up, and says whose it was. Of any number of calls at once, the row's lock lets one through; the others
 * then see the use time and get nothing.
 */
export async function useSignInLink(tx: Tx, tokenHash: Buffer, now: Date): Promise<OperatorRow | undefined> {
  const { rows } = await tx.query<OperatorRow>({
    text: `UPDATE access.sign_in_links l SET use_time = $2 FROM access.operators o
           WHERE l.token_hash = $1 AND l.use_time IS NULL AND l.expire_time > $2 AND o.operator_id = l.operator_id
           RETURNING o.operator_id, o.display_name, o.permissions`,
    values: [tokenHash, now],
  })
  return rows[0]
}

export async function findOperator(executor: Executor, operatorId: string): Promise<OperatorRow | undefined> {
  const { rows } = await executor.query<OperatorRow>({
    text: `SELECT operator_id, display_name, permissions FROM access.operators WHERE operator_id = $1`,
    values: [operatorId],
  })
  return rows[0]
}

export async function findFirstOperator(executor: Executor): Promise<OperatorRow | undefined> {
  const { rows } = await executor.query<OperatorRow>({
    text: `SELECT operator_id, display_name, permissions FROM access.operators ORDER BY operator_id LIMIT 1`,
  })
  return rows[0]
}

export async function insertOperator(tx: Tx, row: OperatorRow, createTime: Date): Promise<void> {
  await tx.query({
    text: `INSERT INTO access.operators (operator_id, display_name, permissions, create_time) VALUES ($1, $2, $3, $4)`,
    values: [row.operator_id, row.display_name, row.permissions, createTime],
  })
}
