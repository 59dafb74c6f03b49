import type { Executor, Tx } from '../db/index.ts'
import type { Cursor, StoredEvent } from './feed.ts'

/** One shard of a group in this process's hands. Every write names the epoch, so a process that lost it writes nothing. */
export interface Lease {
  readonly group: string
  readonly shard: number
  readonly owner: string
  readonly epoch: bigint
}

/** An event set aside: it failed `attempts` times, or (0) waits behind one of its lane that did. */
export interface ParkedEvent extends StoredEvent {
  lane: string
  attempts: number
  delayMs: number
  error: string | null
}

/** What orders an event: its key; without one it is alone. */
export function laneOf({ key, id }: StoredEvent): string {
  return key ?? id
}

/** @returns false when the lease is lost: then nothing was written. */
export async function saveCursor(executor: Executor, lease: Lease, cursor: Cursor): Promise<boolean> {
  const { rowCount } = await executor.query({
    name: 'events.save_cursor',
    text: `UPDATE kernel.event_cursors
           SET done = $5, batch = $6, after_seq = $7, position = $8, update_time = now()
           WHERE group_name = $1 AND shard = $2 AND owner = $3 AND epoch = $4`,
    values: [
      lease.group,
      lease.shard,
      lease.owner,
      lease.epoch,
      cursor.done,
      cursor.batch,
      cursor.afterSeq,
      cursor.position,
    ],
  })
  return rowCount === 1
}

export async function parkEvents(tx: Tx, lease: Lease, events: readonly ParkedEvent[]): Promise<void> {
  await tx.query({
    name: 'events.park',
    text: `INSERT INTO kernel.event_retries
             (group_name, shard, lane, seq, event_id, topic, key, payload, trace, attempts, next_time, error)
           SELECT $1, $2, lane, seq, event_id, topic, key, payload::json, trace, attempts,
                  now() + delay_ms * interval '1 millisecond', error
           FROM unnest($3::text[], $4::bigint[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[],
                       $10::int[], $11::int[], $12::text[])
             AS event (lane, seq, event_id, topic, key, payload, trace, attempts, delay_ms, error)
           ON CONFLICT DO NOTHING`,
    values: [
      lease.group,
      lease.shard,
      events.map(({ lane }) => lane),
      events.map(({ seq }) => seq),
      events.map(({ id }) => id),
      events.map(({ topic }) => topic),
      events.map(({ key }) => key),
      events.map(({ payload }) => JSON.stringify(payload)),
      events.map(({ trace }) => trace),
      events.map(({ attempts }) => attempts),
      events.map(({ delayMs }) => delayMs),
      events.map(({ error }) => error),
    ],
  })
}

/** Every lane of a shard with an event set aside. */
export async function listParkedLanes(executor: Executor, lease: Lease): Promise<string[]> {
  const { rows } = await executor.query<{ lane: string }>({
    name: 'events.parked_lanes',
    text: 'SELECT DISTINCT lane FROM kernel.event_retries WHERE group_name = $1 AND shard = $2',
    values: [lease.group, lease.shard],
  })
  return rows.map(({ lane }) => lane)
}

/** The lanes set aside whose turn comes next, with the milliseconds until then. */
export async function listNextLanes(
  executor: Executor,
  lease: Lease,
  limit: number,
): Promise<{ lane: string; dueInMs: number }[]> {
  const { rows } = await executor.query<{ lane: string; dueInMs: number }>({
    name: 'events.next_lanes',
    text: `SELECT lane, greatest(0, ceil(extract(epoch FROM next_time - now()) * 1000))::float8 AS "dueInMs"
           FROM (
             SELECT DISTINCT ON (lane) lane, next_time FROM kernel.event_retries
             WHERE group_name = $1 AND shard = $2 ORDER BY lane, seq
           ) AS head
           ORDER BY next_time LIMIT $3`,
    values: [lease.group, lease.shard, limit],
  })
  return rows
}

/** The oldest event of a parked lane; undefined when the lane is free again. */
export async function findParkedEvent(
  executor: Executor,
  lease: Lease,
  lane: string,
): Promise<{ event: StoredEvent & { attempts: number }; due: boolean } | undefined> {
  const { rows } = await executor.query<StoredEvent & { attempts: number; due: boolean }>({
    name: 'events.parked_event',
    text: `SELECT seq, event_id AS id, topic, key, payload, trace, attempts, next_time <= now() AS due
           FROM kernel.event_retries WHERE group_name = $1 AND lane = $2 ORDER BY seq LIMIT 1`,
    values: [lease.group, lane],
  })
  const [row] = rows
  return row === undefined ? undefined : { event: row, due: row.due }
}

export async function removeParkedEvent(
  executor: Executor,
  lease: Lease,
  lane: string,
  seq: bigint,
): Promise<void> {
  await executor.query({
    name: 'events.unpark',
    text: 'DELETE FROM kernel.event_retries WHERE group_name = $1 AND lane = $2 AND seq = $3',
    values: [lease.group, lane, seq],
  })
}

export async function postponeParkedEvent(
  executor: Executor,
  lease: Lease,
  lane: string,
  seq: bigint,
  delayMs: number,
  error: string,
): Promise<void> {
  await executor.query({
    name: 'events.postpone',
    text: `UPDATE kernel.event_retries
           SET attempts = attempts + 1, next_time = now() + $4 * interval '1 millisecond', error = $5
           WHERE group_name = $1 AND lane = $2 AND seq = $3`,
    values: [lease.group, lane, seq, delayMs, error],
  })
}

/** Moves an event from the retries to the dead letters, in one statement. */
export async function buryParkedEvent(
  executor: Executor,
  lease: Lease,
  event: { lane: string; seq: bigint; attempts: number; error: string | null },
): Promise<void> {
  await executor.query({
    name: 'events.bury',
    text: `WITH given_up AS (
             DELETE FROM kernel.event_retries WHERE group_name = $1 AND lane = $2 AND seq = $3 RETURNING *
           )
           INSERT INTO kernel.dead_letters
             (group_name, event_id, seq, topic, key, payload, trace, attempts, error)
           SELECT group_name, event_id, seq, topic, key, payload, trace, $4, $5 FROM given_up
           ON CONFLICT (group_name, event_id)
             DO UPDATE SET attempts = excluded.attempts, error = excluded.error`,
    values: [lease.group, event.lane, event.seq, event.attempts, event.error ?? ''],
  })
}
