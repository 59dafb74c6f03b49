import type { Executor } from '@mainstay/kernel'
import { MessageState } from '@mainstay/proto/notify/v1'

/** Kinds of counters besides messages' states. */
export const COUNT = { expanded: 101, gone: 102, unreachable: 103 } as const

/** The spans in which what was sent is kept. */
export const POINT_MS = 10_000

const { SENT, DELIVERED, BOUNCED, COMPLAINED, EXPIRED, FAILED } = MessageState

/** States of messages that count as sent, and as failed. */
export const SENT_STATES: readonly number[] = [SENT, DELIVERED, COMPLAINED]
export const FAILED_STATES: readonly number[] = [BOUNCED, EXPIRED, FAILED]

/**
 * Adds up what commits noted, and notes when it was. What another process adds up at this moment is left to it.
 *
 * @returns the campaigns that changed.
 */
export async function foldCounts(executor: Executor, now: Date): Promise<string[]> {
  const { rows } = await executor.query<{ campaignId: string }>({
    name: 'notify.campaigns.fold',
    text: FOLD,
    values: [new Date(Math.floor(now.getTime() / POINT_MS) * POINT_MS), SENT_STATES, FAILED_STATES],
  })
  return rows.map(({ campaignId }) => campaignId)
}

const FOLD = `
WITH noted AS (
  SELECT project_id, campaign_id, count_id FROM notify.campaign_counts LIMIT 20000 FOR UPDATE SKIP LOCKED
),
gone AS (
  DELETE FROM notify.campaign_counts c USING noted n
  WHERE c.project_id = n.project_id AND c.campaign_id = n.campaign_id AND c.count_id = n.count_id
  RETURNING c.project_id, c.campaign_id, c.kind, c.delta
),
summed AS MATERIALIZED (
  SELECT project_id, campaign_id, kind, sum(delta) AS delta FROM gone GROUP BY project_id, campaign_id, kind
),
totals AS (
  INSERT INTO notify.campaign_totals AS t (project_id, campaign_id, kind, count)
  SELECT project_id, campaign_id, kind, delta FROM summed
  ORDER BY project_id, campaign_id, kind
  ON CONFLICT (project_id, campaign_id, kind) DO UPDATE SET count = t.count + excluded.count
),
points AS (
  INSERT INTO notify.campaign_points AS p (project_id, campaign_id, point_time, sent, failed)
  SELECT project_id, campaign_id, $1::timestamptz, coalesce(sum(delta) FILTER (WHERE kind = ANY ($2::int2[])), 0),
    coalesce(sum(delta) FILTER (WHERE kind = ANY ($3::int2[])), 0)
  FROM summed GROUP BY project_id, campaign_id
  HAVING bool_or(kind = ANY ($2::int2[] || $3::int2[]))
  ORDER BY project_id, campaign_id
  ON CONFLICT (project_id, campaign_id, point_time) DO UPDATE
    SET sent = p.sent + excluded.sent, failed = p.failed + excluded.failed
)
SELECT DISTINCT campaign_id AS "campaignId" FROM summed`

export interface CountRow {
  campaign_id: string
  kind: number
  count: bigint
}

/** The counters of campaigns, by kind: what was added up, and what was noted since. */
export async function readCounts(
  executor: Executor,
  projectId: string,
  campaignIds: readonly string[],
): Promise<CountRow[]> {
  const { rows } = await executor.query<CountRow>({
    text: `
      SELECT campaign_id, kind, sum(count)::int8 AS count
      FROM (
        SELECT campaign_id, kind, count FROM notify.campaign_totals
        WHERE project_id = $1 AND campaign_id = ANY ($2::uuid[])
        UNION ALL
        SELECT campaign_id, kind, delta FROM notify.campaign_counts
        WHERE project_id = $1 AND campaign_id = ANY ($2::uuid[])
      ) c
      GROUP BY campaign_id, kind`,
    values: [projectId, campaignIds],
  })
  return rows
}

export interface PointRow {
  campaign_id: string
  point_time: Date
  sent: number
  failed: number
}

/** What was sent since a moment, by spans. */
export async function readPoints(
  executor: Executor,
  projectId: string,
  campaignIds: readonly string[],
  since: Date,
): Promise<PointRow[]> {
  const { rows } = await executor.query<PointRow>({
    text: `SELECT campaign_id, point_time, sent, failed FROM notify.campaign_points
      WHERE project_id = $1 AND campaign_id = ANY ($2::uuid[]) AND point_time >= $3 ORDER BY point_time`,
    values: [projectId, campaignIds, since],
  })
  return rows
}

/** What was sent from the beginning on, in at most `most` spans of equal length. */
export async function readHistory(
  executor: Executor,
  projectId: string,
  campaignId: string,
  most: number,
): Promise<PointRow[]> {
  const { rows } = await executor.query<PointRow>({
    text: `
      WITH span AS (
        SELECT min(point_time) AS first,
          greatest(10, 10 * ceil((extract(epoch FROM max(point_time) - min(point_time)) + 10) / 10 / $3)) AS seconds
        FROM notify.campaign_points WHERE project_id = $1 AND campaign_id = $2
      )
      SELECT campaign_id, date_bin(make_interval(secs => span.seconds::float8), point_time, span.first) AS point_time,
        sum(sent)::int4 AS sent, sum(failed)::int4 AS failed
      FROM notify.campaign_points CROSS JOIN span
      WHERE project_id = $1 AND campaign_id = $2
      GROUP BY 1, 2 ORDER BY 2`,
    values: [projectId, campaignId, most],
  })
  return rows
}

export interface VariantRow {
  variant: number
  sent: bigint
  delivered: bigint
  seen: bigint
  clicked: bigint
}

/** How the variants of a test fare. Reads every message of the test: not for every second. */
export async function readVariants(
  executor: Executor,
  projectId: string,
  campaignId: string,
): Promise<VariantRow[]> {
  const { rows } = await executor.query<VariantRow>({ text: VARIANTS, values: [projectId, campaignId] })
  return rows
}

/** Of project `$1` and campaign `$2`, one row a variant. */
export const VARIANTS = `
  SELECT c.variant, count(*) FILTER (WHERE m.state IN (5, 6, 8)) AS sent,
    count(*) FILTER (WHERE m.state IN (6, 8)) AS delivered,
    count(m.seen_time) AS seen, count(m.click_time) AS clicked
  FROM notify.campaign_recipients c
  JOIN notify.messages m ON m.project_id = c.project_id AND m.message_id = c.message_id
  WHERE c.project_id = $1 AND c.campaign_id = $2 AND c.variant IS NOT NULL
  GROUP BY c.variant ORDER BY c.variant`
