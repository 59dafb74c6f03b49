import type { Executor, Tx } from '@mainstay/kernel'

export interface SessionRow {
  project_id: string
  session_id: string
  live: boolean
  account_id: string
  kind: string
  client_id: string
  generation: number
  rotate_time: Date
  methods: string[]
  device: string
  user_agent: string
  client_address: string
  create_time: Date
  auth_time: Date
  last_use_time: Date
  idle_expire_time: Date
  expire_time: Date
  end_time: Date | null
  end_reason: string
  /** `opr_…` of who acts as the account; empty for the owner's own sessions. */
  impersonator: string
  impersonation_reason: string
  read_only: boolean
}

export type NewSession = Omit<
  SessionRow,
  | 'generation'
  | 'rotate_time'
  | 'last_use_time'
  | 'end_time'
  | 'end_reason'
  | 'impersonator'
  | 'impersonation_reason'
  | 'read_only'
>

const COLUMNS = `project_id, session_id, live, account_id, kind, client_id, generation, rotate_time, methods, device, user_agent,
  client_address, create_time, auth_time, last_use_time, idle_expire_time, expire_time, end_time, end_reason, impersonator,
  impersonation_reason, read_only`

export async function insertSessions(tx: Tx, rows: readonly NewSession[]): Promise<void> {
  await tx.query({
    name: 'identity.insert_sessions',
    text: `INSERT INTO identity.sessions (project_id, session_id, live, account_id, kind, client_id, generation, rotate_time,
             methods, device, user_agent, client_address, create_time, auth_time, last_use_time, idle_expire_time, expire_time)
           SELECT project_id, session_id, live, account_id, kind, client_id, 1, create_time, methods, device, user_agent,
             client_address, create_time, auth_time, create_time, idle_expire_time, expire_time
           FROM jsonb_to_recordset($1::jsonb) AS s (project_id uuid, session_id uuid, live boolean, account_id uuid, kind text,
             client_id uuid, methods text[], device text, user_agent text, client_address text, create_time timestamptz,
             auth_time timestamptz, idle_expire_time timestamptz, expire_time timestamptz)`,
    values: [JSON.stringify(rows)],
  })
}

/** Says that a session that has just begun is an operator's. */
export async function markImpersonation(
  tx: Tx,
  which: { projectId: string; sessionId: string },
  by: { impersonator: string; reason: string; readOnly: boolean },
): Promise<void> {
  await tx.query({
    text: `UPDATE identity.sessions SET impersonator = $3, impersonation_reason = $4, read_only = $5
           WHERE project_id = $1 AND session_id = $2`,
    values: [which.projectId, which.sessionId, by.impersonator, by.reason, by.readOnly],
  })
}

export interface RotateQuestion {
  projectId: string
  sessionId: string
  generation: number
}

/** A session after a refresh, and the audience of its tokens. */
export interface RotatedSession extends SessionRow {
  audience: string
  access_token_ttl_ms: number | null
}

/**
 * Makes the next generation of each session the newest, or says again what it is within the grace: of a token that was used at
 * `graceSince` or later. A row's lock makes calls with one token take turns: the first rotates, the others find what it made.
 * Those that are missing do not hold, or were asked for with an old token. The sessions are different ones.
 */
export async function rotateSessions(
  executor: Executor,
  questions: readonly RotateQuestion[],
  { now, graceSince }: { now: Date; graceSince: Date },
): Promise<RotatedSession[]> {
  const { rows } = await executor.query<RotatedSession>({
    name: 'identity.rotate_sessions',
    text: `UPDATE identity.sessions s SET
             generation = asked.generation + 1,
             rotate_time = CASE WHEN s.generation = asked.generation THEN $4 ELSE s.rotate_time END,
             last_use_time = greatest(s.last_use_time, $4),
             idle_expire_time = least(s.expire_time,
               $4 + coalesce(k.session_idle_ttl_ms, 2592000000) * interval '1 millisecond')
           FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS asked (project_id, session_id, generation), identity.clients c
           LEFT JOIN identity.kinds k ON k.project_id = c.project_id AND k.kind = c.kind
           WHERE s.project_id = asked.project_id AND s.session_id = asked.session_id AND s.end_time IS NULL
             AND s.expire_time > $4 AND s.idle_expire_time > $4
             AND (s.generation = asked.generation OR (s.generation = asked.generation + 1 AND s.rotate_time >= $5))
             AND c.project_id = s.project_id AND c.client_id = s.client_id AND NOT c.disabled
           RETURNING ${COLUMNS.replaceAll(/(\w+)/g, 's.$1')}, c.audience, k.access_token_ttl_ms::float8 AS access_token_ttl_ms`,
    values: [
      questions.map(({ projectId }) => projectId),
      questions.map(({ sessionId }) => sessionId),
      questions.map(({ generation }) => generation),
      now,
      graceSince,
    ],
  })
  return rows
}

export async function findSession(
  executor: Executor,
  projectId: string,
  sessionId: string,
): Promise<SessionRow | undefined> {
  const { rows } = await executor.query<SessionRow>({
    name: 'identity.find_session',
    text: `SELECT ${COLUMNS} FROM identity.sessions WHERE project_id = $1 AND session_id = $2`,
    values: [projectId, sessionId],
  })
  return rows[0]
}

/** An account's sessions, newest first, from just before one. */
export async function listSessions(
  executor: Executor,
  page: {
    projectId: string
    accountId: string
    beforeId: string | undefined
    limit: number
    /** Only those that hold at this time. */
    activeAt?: Date
  },
): Promise<SessionRow[]> {
  const { rows } = await executor.query<SessionRow>({
    name: 'identity.list_sessions',
    text: `SELECT ${COLUMNS} FROM identity.sessions
           WHERE project_id = $1 AND account_id = $2
             AND session_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
             AND ($5::timestamptz IS NULL OR (end_time IS NULL AND expire_time > $5 AND idle_expire_time > $5))
           ORDER BY session_id DESC LIMIT $4`,
    values: [page.projectId, page.accountId, page.beforeId, page.limit, page.activeAt ?? null],
  })
  return rows
}

/** Ends an account's sessions, or one of them, and notes it for every process. The ids of those that had not ended. */
export async function endSessions(
  tx: Tx,
  which: { projectId: string; accountId: string; sessionId?: string | undefined },
  how: { now: Date; reason: string },
): Promise<string[]> {
  const { rows } = await tx.query<{ session_id: string }>({
    name: 'identity.end_sessions',
    text: `WITH ended AS (
             UPDATE identity.sessions SET end_time = $4, end_reason = $5
             WHERE project_id = $1 AND account_id = $2 AND ($3::uuid IS NULL OR session_id = $3) AND end_time IS NULL
             RETURNING project_id, session_id
           )
           INSERT INTO identity.session_ends (project_id, session_id, end_time)
           SELECT project_id, session_id, $4 FROM ended ON CONFLICT DO NOTHING
           RETURNING session_id`,
    values: [which.projectId, which.accountId, which.sessionId ?? null, how.now, how.reason],
  })
  return rows.map(({ session_id }) => session_id)
}

/**
 * Ends noted by transactions from `fromTransaction` on, and where to go on from: below it every transaction has ended and
 * was seen, because the snapshot is the statement's own.
 */
export async function readSessionEnds(
  executor: Executor,
  fromTransaction: string,
): Promise<{ ends: { sessionId: string; endMs: number }[]; nextTransaction: string }> {
  const { rows } = await executor.query<{ ids: string[]; times: number[]; next: string }>({
    name: 'identity.read_session_ends',
    text: `SELECT coalesce(array_agg(session_id), '{}') AS ids,
             coalesce(array_agg(extract(epoch FROM end_time)::float8 * 1000), '{}') AS times,
             pg_snapshot_xmin(pg_current_snapshot())::text AS next
           FROM identity.session_ends WHERE transaction_id >= $1::text::xid8`,
    values: [fromTransaction],
  })
  const { ids = [], times = [], next = '0' } = rows[0] ?? {}
  return {
    ends: ids.map((sessionId, index) => ({ sessionId, endMs: times[index] ?? 0 })),
    nextTransaction: next,
  }
}

/** Forgets ends whose tokens have all expired, and sessions that ended long ago. */
export async function deleteOldSessions(
  executor: Executor,
  before: { ends: Date; sessions: Date },
): Promise<void> {
  await executor.query({
    text: `DELETE FROM identity.session_ends WHERE end_time < $1`,
    values: [before.ends],
  })
  await executor.query({
    text: `DELETE FROM identity.sessions WHERE (project_id, session_id) IN (
             SELECT project_id, session_id FROM identity.sessions
             WHERE least(end_time, expire_time, idle_expire_time) < $1 LIMIT 5000)`,
    values: [before.sessions],
  })
}
