import type { Executor, Tx } from '@mainstay/kernel'

/** What makes two idempotency keys the same. */
export interface KeySpace {
  projectId: string
  live: boolean
  key: string
}

/** What was asked and answered first under a key. */
export interface FirstCall {
  method: string
  request_hash: Buffer
  /** Null only for the transaction that is still running the call. */
  response: Buffer | null
}

/**
 * Takes a key for this transaction. False when it is taken already, and only after whoever took it has committed:
 * the unique index makes the second caller wait for the first. A key past its time is taken over.
 */
export async function takeIdempotencyKey(
  tx: Tx,
  space: KeySpace,
  call: { method: string; requestHash: Uint8Array; now: Date; expireTime: Date },
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'access.take_idempotency_key',
    text: `INSERT INTO access.idempotency_keys AS k
             (project_id, live, idempotency_key, method, request_hash, expire_time)
           VALUES ($1, $2, $3, $4, $5, $7)
           ON CONFLICT (project_id, live, idempotency_key) DO UPDATE
             SET method = $4, request_hash = $5, response = NULL, expire_time = $7
             WHERE k.expire_time <= $6`,
    values: [
      space.projectId,
      space.live,
      space.key,
      call.method,
      call.requestHash,
      call.now,
      call.expireTime,
    ],
  })
  return rowCount === 1
}

export async function findFirstCall(executor: Executor, space: KeySpace): Promise<FirstCall | undefined> {
  const { rows } = await executor.query<FirstCall>({
    name: 'access.find_first_call',
    text: `SELECT method, request_hash, response FROM access.idempotency_keys
           WHERE project_id = $1 AND live = $2 AND idempotency_key = $3`,
    values: [space.projectId, space.live, space.key],
  })
  return rows[0]
}

export async function writeResponse(tx: Tx, space: KeySpace, response: Uint8Array): Promise<void> {
  await tx.query({
    name: 'access.write_response',
    text: `UPDATE access.idempotency_keys SET response = $4
           WHERE project_id = $1 AND live = $2 AND idempotency_key = $3`,
    values: [space.projectId, space.live, space.key, response],
  })
}
