import type { Clock, Executor } from '@mainstay/kernel'

/** An account's rate, shared by all workers. */
export interface Tokens {
  /**
   * Takes the right to send one message. Now and then it asks the database for a second's worth, and until then answers
   * at once.
   *
   * @param perSecond the account's limit, above 0.
   * @param wanted how many messages may want a token in this claim.
   * @returns undefined when it was taken, else when to try again, in milliseconds since 1970.
   */
  take(
    projectId: string,
    accountId: string,
    perSecond: number,
    wanted: number,
  ): undefined | number | Promise<undefined | number>
}

/** A lease may begin this far ahead, and is good for as long. */
export const CHUNK_MS = 1_000

interface Chunk {
  /** From when its tokens are good, and until when. */
  startMs: number
  endMs: number
  left: number
  size: number
  /** No other lease is asked for before this: at most one a second. */
  nextLeaseMs: number
  leasing: Promise<void> | undefined
}

/**
 * Leases tokens in chunks: each worker takes what it needs for up to a second from one row an account, and hands them out by
 * itself. The row is a time line (GCRA): chunks never overlap on it, and one begins at most a second ahead, so that in any
 * span of time all workers together send what the rate allows and at most one second's worth more.
 *
 * A token is good for a second from its chunk's begin. A worker that leases and does not send wastes what it leased, so
 * it leases what it has messages for, and at least a tenth of a second's worth.
 */
export function createTokens(db: Executor, clock: Clock): Tokens {
  const chunks = new Map<string, Chunk>()

  async function lease(
    projectId: string,
    accountId: string,
    chunk: Chunk,
    perSecond: number,
    wanted: number,
  ): Promise<void> {
    const used = chunk.size - chunk.left
    const most = Math.ceil(perSecond)
    const size = Math.max(
      1,
      Math.min(most, Math.max(wanted, Math.ceil(used * 1.25), Math.ceil(perSecond / 10))),
    )
    const askedMs = clock.nowMs()
    chunk.nextLeaseMs = askedMs + CHUNK_MS
    const startsInMs = await leaseChunk(db, projectId, accountId, (size / perSecond) * 1000)
    if (startsInMs === undefined) return
    const startMs = clock.nowMs() + Math.max(0, startsInMs)
    // The server counted from some moment between question and answer: late for the begin, early for the end.
    Object.assign(chunk, { startMs, endMs: askedMs + Math.max(0, startsInMs) + CHUNK_MS, left: size, size })
    chunk.nextLeaseMs = Math.max(chunk.nextLeaseMs, startMs)
  }

  function fromChunk(chunk: Chunk): undefined | number {
    const nowMs = clock.nowMs()
    if (chunk.left > 0 && nowMs < chunk.startMs) return chunk.startMs
    if (chunk.left > 0 && nowMs < chunk.endMs) {
      chunk.left--
      return undefined
    }
    return Math.max(chunk.nextLeaseMs, nowMs + 1)
  }

  return {
    take(projectId, accountId, perSecond, wanted) {
      let chunk = chunks.get(accountId)
      if (chunk === undefined) {
        chunk = { startMs: 0, endMs: 0, left: 0, size: 0, nextLeaseMs: 0, leasing: undefined }
        chunks.set(accountId, chunk)
      }
      const nowMs = clock.nowMs()
      const isUsable = chunk.left > 0 && nowMs < chunk.endMs
      const mayLease = chunk.leasing !== undefined || nowMs >= chunk.nextLeaseMs
      if (isUsable || !mayLease) return fromChunk(chunk)
      const held = chunk
      held.leasing ??= lease(projectId, accountId, held, perSecond, wanted).finally(() => {
        held.leasing = undefined
      })
      return held.leasing.then(() => fromChunk(held))
    },
  }
}

/**
 * @param lengthMs how much of the time line to take.
 * @returns in how many milliseconds it begins; undefined when the rate is used up for the next second.
 */
async function leaseChunk(
  db: Executor,
  projectId: string,
  accountId: string,
  lengthMs: number,
): Promise<number | undefined> {
  const { rows } = await db.query<{ startsInMs: number }>({
    name: 'notify.routing.lease_tokens',
    text: `
      INSERT INTO notify.provider_tokens AS t (project_id, provider_account_id, next_time)
      VALUES ($1, $2, clock_timestamp() + $3::float8 * interval '1 millisecond')
      ON CONFLICT (project_id, provider_account_id) DO UPDATE
      SET next_time = greatest(t.next_time, clock_timestamp()) + $3::float8 * interval '1 millisecond'
      WHERE t.next_time <= clock_timestamp() + interval '${CHUNK_MS} milliseconds'
      RETURNING (extract(epoch FROM next_time - clock_timestamp()) * 1000)::float8 - $3::float8 AS "startsInMs"`,
    values: [projectId, accountId, lengthMs],
  })
  return rows[0]?.startsInMs
}
