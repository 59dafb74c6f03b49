import { type Executor, minIdAt } from '@mainstay/kernel'

export interface StatsSpan {
  projectId: string
  startMs: number
  endMs: number
  /** True: live messages, false: test messages, undefined: both. */
  live: boolean | undefined
}

/** The milliseconds since 1970 that stand in the first 48 bits of a UUIDv7; PostgreSQL reads them itself from 18 on. */
const ID_MS = `('x' || translate(left(message_id::text, 13), '-', ''))::bit(48)::bigint`

/** How many messages of each stored state were stored in each of `points` equal parts of the span. */
export async function countByPart(
  executor: Executor,
  { projectId, startMs, endMs, live }: StatsSpan,
  points: number,
): Promise<{ part: number; state: number; count: number }[]> {
  const { rows } = await executor.query<{ part: number; state: number; count: number }>({
    text: `
      SELECT least(((${ID_MS} - $4::bigint) * $6::bigint / ($5::bigint - $4::bigint))::int, $6::int - 1) AS part,
             state::int AS state, count(*)::int AS count
      FROM notify.messages
      WHERE project_id = $1 AND message_id >= $2 AND message_id < $3
        AND ($7::boolean IS NULL OR live = $7)
      GROUP BY 1, 2`,
    values: [projectId, minIdAt(startMs), minIdAt(endMs), startMs, endMs, points, live],
  })
  return rows
}

/**
 * What of the span's messages still waits, by where it stands. The queue is small: it holds nothing that has ended. It
 * does not know modes: with one, each row's message is looked up (100,000 waiting: 0.3 s).
 */
export async function countWaiting(
  executor: Executor,
  { projectId, startMs, endMs, live }: StatsSpan,
  now: Date,
): Promise<{ sending: number; scheduled: number; queued: number; depth: number }> {
  const { rows } = await executor.query<{
    sending: number
    scheduled: number
    queued: number
    depth: number
  }>({
    text: `
      SELECT count(*) FILTER (WHERE inside AND lease_owner IS NOT NULL)::int AS sending,
             count(*) FILTER (WHERE inside AND later)::int AS scheduled,
             count(*) FILTER (WHERE inside AND lease_owner IS NULL AND NOT later)::int AS queued,
             count(*) FILTER (WHERE NOT later)::int AS depth
      FROM (
        SELECT lease_owner, message_id >= $2 AND message_id < $3 AS inside,
               lease_owner IS NULL AND lease_epoch = 0 AND due_time > $4 AS later
        FROM notify.delivery_queue q WHERE project_id = $1 ${live === undefined ? '' : IN_MODE}) AS waiting`,
    values: [projectId, minIdAt(startMs), minIdAt(endMs), now, ...(live === undefined ? [] : [live])],
  })
  return rows[0] ?? { sending: 0, scheduled: 0, queued: 0, depth: 0 }
}

/** A paused campaign's rows wait in lane 4; their messages are bulk as the others are. */
const IN_MODE = `AND EXISTS (
  SELECT FROM notify.messages m
  WHERE m.project_id = $1 AND m.live = $5 AND m.class = CASE WHEN q.lane > 10 THEN q.lane - 10 ELSE least(q.lane, 3) END AND m.message_id = q.message_id)`

/** How many of the newest sent messages the percentiles are taken over: enough to be exact to the eye, always cheap. */
const LATENCY_SAMPLE = 20_000

/** From the time a message was to be sent to the provider's answer, in milliseconds: p50, p95, p99. */
export async function findLatencies(
  executor: Executor,
  { projectId, startMs, endMs, live }: StatsSpan,
): Promise<[number, number, number] | undefined> {
  const { rows } = await executor.query<{ latencies: [number, number, number] | null }>({
    text: `
      SELECT percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY latency_ms) AS latencies
      FROM (
        SELECT extract(epoch FROM sent_time - send_time)::float8 * 1000 AS latency_ms
        FROM notify.messages
        WHERE project_id = $1 AND message_id >= $2 AND message_id < $3 AND sent_time IS NOT NULL
          AND ($4::boolean IS NULL OR live = $4)
        ORDER BY message_id DESC LIMIT ${LATENCY_SAMPLE}) AS sent`,
    values: [projectId, minIdAt(startMs), minIdAt(endMs), live],
  })
  return rows[0]?.latencies ?? undefined
}
