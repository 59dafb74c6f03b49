import type { Executor } from '@mainstay/kernel'

/** Deletes up to `limit` idempotency keys that have expired, and says how many. */
export async function deleteExpiredIdempotencyKeys(
  executor: Executor,
  now: Date,
  limit: number,
): Promise<number> {
  // By ctid, locked first: a key that is being taken over at this moment is skipped, not waited for.
  const { rowCount } = await executor.query({
    text: `DELETE FROM access.idempotency_keys WHERE ctid = ANY (ARRAY (
             SELECT ctid FROM access.idempotency_keys WHERE expire_time <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
    values: [now, limit],
  })
  return rowCount
}

/** Sessions and links are few; those that ended before `before` go in one statement each. */
export async function deleteEndedSessions(
  executor: Executor,
  before: Date,
  idleSince: Date,
): Promise<number> {
  const { rowCount } = await executor.query({
    text: `DELETE FROM access.sessions WHERE expire_time <= $1 OR last_use_time <= $2`,
    values: [before, idleSince],
  })
  return rowCount
}

export async function deleteOldSignInLinks(executor: Executor, before: Date): Promise<number> {
  const { rowCount } = await executor.query({
    text: `DELETE FROM access.sign_in_links WHERE expire_time <= $1`,
    values: [before],
  })
  return rowCount
}
