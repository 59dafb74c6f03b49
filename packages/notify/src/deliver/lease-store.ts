import type { Executor, Tx } from '@mainstay/kernel'
import type { UnknownPolicy } from '@mainstay/proto/notify/v1'
import type { Doubt } from './doubt.ts'
import type { Lane } from './lanes.ts'

/** Makes a worker known, or keeps it so. Times are the database's own, so that workers' clocks need not agree. */
export async function registerWorker(executor: Executor, workerId: string, leaseMs: number): Promise<void> {
  await executor.query({
    name: 'notify.deliver.register',
    text: `INSERT INTO notify.delivery_workers (worker_id, lease_end)
      VALUES ($1, clock_timestamp() + make_interval(secs => $2))`,
    values: [workerId, leaseMs / 1000],
  })
}

/** @returns false when somebody has declared the worker dead and settled its work. */
export async function renewLease(executor: Executor, workerId: string, leaseMs: number): Promise<boolean> {
  const { rowCount } = await executor.query({
    name: 'notify.deliver.renew',
    text: `UPDATE notify.delivery_workers SET lease_end = clock_timestamp() + make_interval(secs => $2)
      WHERE worker_id = $1`,
    values: [workerId, leaseMs / 1000],
  })
  return rowCount === 1
}

/** Takes the worker off the list. With work still under way its lease ends now instead, so that others settle that. */
export async function releaseWorker(executor: Executor, workerId: string): Promise<void> {
  await executor.query({
    text: 'UPDATE notify.delivery_workers SET lease_end = clock_timestamp() WHERE worker_id = $1',
    values: [workerId],
  })
  await executor.query({
    text: `DELETE FROM notify.delivery_workers w WHERE worker_id = $1
      AND NOT EXISTS (SELECT FROM notify.delivery_queue q WHERE q.lease_owner = w.worker_id)`,
    values: [workerId],
  })
}

export async function listDeadWorkers(executor: Executor): Promise<string[]> {
  const { rows } = await executor.query<{ workerId: string }>({
    name: 'notify.deliver.dead_workers',
    text: 'SELECT worker_id AS "workerId" FROM notify.delivery_workers WHERE lease_end < clock_timestamp()',
  })
  return rows.map((row) => row.workerId)
}

/**
 * Locks a dead worker for settling: a worker that only seemed dead cannot journal new attempts meanwhile.
 *
 * @returns false when it has come back to life or somebody else is settling it.
 */
export async function lockDeadWorker(tx: Tx, workerId: string): Promise<boolean> {
  const { rowCount } = await tx.query({
    text: `SELECT FROM notify.delivery_workers WHERE worker_id = $1 AND lease_end < clock_timestamp()
      FOR UPDATE SKIP LOCKED`,
    values: [workerId],
  })
  return rowCount === 1
}

/** An attempt that a dead worker had under way. */
export interface AbandonedAttempt {
  projectId: string
  messageId: string
  lane: Lane
  attempt: number
  expireMs: number
  providerAccountId: string
  /** What the attempt was made for. */
  doubt: Doubt
  doubtMs: number
  /** Null when the message's partition was dropped, as are the two after it. */
  unknownPolicy: UnknownPolicy | null
  live: boolean | null
  channel: number | null
}

/** Reads through the whole queue: it happens after a crash only, and spares every claim an index on the owner. */
export async function listAbandoned(tx: Tx, workerId: string): Promise<AbandonedAttempt[]> {
  const { rows } = await tx.query<AbandonedAttempt>({
    text: `SELECT q.project_id AS "projectId", q.message_id AS "messageId", q.lane, q.lease_epoch AS attempt,
        (extract(epoch FROM q.expire_time) * 1000)::float8 AS "expireMs", q.provider_account_id AS "providerAccountId",
        q.doubt, (extract(epoch FROM coalesce(q.doubt_time, q.start_time)) * 1000)::float8 AS "doubtMs",
        m.unknown_policy AS "unknownPolicy", m.live, m.channel
      FROM notify.delivery_queue q
      LEFT JOIN notify.messages m ON m.project_id = q.project_id AND m.message_id = q.message_id
      WHERE q.lease_owner = $1`,
    values: [workerId],
  })
  return rows
}

export async function removeWorker(tx: Tx, workerId: string): Promise<void> {
  await tx.query({ text: 'DELETE FROM notify.delivery_workers WHERE worker_id = $1', values: [workerId] })
}
