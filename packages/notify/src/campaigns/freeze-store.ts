import type { Executor, Tx } from '@mainstay/kernel'
import { CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { addressesSql, audienceSql, type Sql } from './audience-sql.ts'
import type { CampaignPlan } from './plan.ts'

/** People in one chunk. A chunk's members lie in one value, which every step unpacks: 100 kB take a third of a millisecond. */
export const CHUNK_SIZE = 5_000

/**
 * Freezes the audience as one snapshot of the database sees it: its members in the order of their keys, by ranges of
 * `CHUNK_SIZE`, apart for those who wait for a test's winner and, where there is a window of hours, for each timezone.
 *
 * A million members are a few hundred rows: the list of a chunk is one compressed value. Rows of their own would cost a third of
 * what sending costs, and those who are seen to need one anyway.
 */
export async function freezeAudience(
  tx: Tx,
  projectId: string,
  campaignId: string,
  { audience, test, window }: CampaignPlan,
  segment: Sql | undefined,
): Promise<void> {
  const members = audienceSql(audience, campaignId, 7, segment)
  await tx.query({
    text: `
      INSERT INTO notify.campaign_chunks (project_id, campaign_id, chunk_id, phase, first_key, last_key, timezone, open_time,
        size, members)
      SELECT $1::uuid, $2::uuid, gen_random_uuid(), phase, min(key), max(key), timezone, now(), count(*),
        array_agg(key ORDER BY key)
      FROM (
        SELECT key, timezone, phase, row_number() OVER (PARTITION BY phase, timezone ORDER BY key) - 1 AS place
        FROM (
          SELECT key, CASE WHEN $3::bool THEN coalesce(timezone, $4::text) END AS timezone,
            CASE WHEN notify.campaign_hash($2::uuid, 'test', key, 100) < $5::int THEN 1 ELSE 2 END AS phase
          FROM (${members.text}) AS audience
        ) AS placed
      ) AS numbered
      GROUP BY phase, timezone, place / $6::int`,
    values: [
      projectId,
      campaignId,
      window !== null,
      window?.defaultTimezone ?? null,
      test?.percent ?? 100,
      CHUNK_SIZE,
      ...members.values,
    ],
  })
}

export async function listTimezones(tx: Tx, projectId: string, campaignId: string): Promise<string[]> {
  const { rows } = await tx.query<{ timezone: string }>({
    text: `SELECT DISTINCT timezone FROM notify.campaign_chunks
      WHERE project_id = $1 AND campaign_id = $2 AND timezone IS NOT NULL`,
    values: [projectId, campaignId],
  })
  return rows.map(({ timezone }) => timezone)
}

/** Says when the chunks of a timezone may be begun. */
export async function openTimezone(
  tx: Tx,
  key: { projectId: string; campaignId: string; timezone: string },
  zone: { timezone: string; openTime: Date },
): Promise<void> {
  await tx.query({
    text: `UPDATE notify.campaign_chunks SET open_time = $4, timezone = $5
      WHERE project_id = $1 AND campaign_id = $2 AND timezone = $3`,
    values: [key.projectId, key.campaignId, key.timezone, zone.openTime, zone.timezone],
  })
}

/** Locks a campaign that is to be frozen; false when another process has it, or it is no longer to be. */
export async function lockToFreeze(tx: Tx, projectId: string, campaignId: string): Promise<boolean> {
  const { rows } = await tx.query({
    text: `SELECT FROM notify.campaigns WHERE project_id = $1 AND campaign_id = $2 AND state = ${CampaignState.PREPARING}
      FOR UPDATE SKIP LOCKED`,
    values: [projectId, campaignId],
  })
  return rows.length > 0
}

/** The frozen audience is there: sending begins. Returns how many are in it. */
export async function beginSending(
  tx: Tx,
  projectId: string,
  campaignId: string,
  now: Date,
): Promise<number> {
  const { rows } = await tx.query<{ total: bigint }>({
    text: `
      UPDATE notify.campaigns c SET state = ${CampaignState.RUNNING}, start_time = $3, total_count = f.total, test_count = f.tested
      FROM (
        SELECT coalesce(sum(size), 0) AS total, coalesce(sum(size) FILTER (WHERE phase = 1), 0) AS tested
        FROM notify.campaign_chunks WHERE project_id = $1 AND campaign_id = $2
      ) f
      WHERE c.project_id = $1 AND c.campaign_id = $2 RETURNING total_count AS total`,
    values: [projectId, campaignId, now],
  })
  return Number(rows[0]?.total ?? 0)
}

/** A campaign that cannot begin. */
export async function failCampaign(
  tx: Tx,
  projectId: string,
  campaignId: string,
  detail: string,
  now: Date,
): Promise<void> {
  await tx.query({
    text: `UPDATE notify.campaigns SET state = ${CampaignState.FAILED}, status_detail = $3, end_time = $4
      WHERE project_id = $1 AND campaign_id = $2`,
    values: [projectId, campaignId, detail, now],
  })
}

/** How many are in an audience now, and how many of them have an address on the channel. */
export async function countAudience(
  executor: Executor,
  projectId: string,
  campaignId: string,
  ask: { audience: CampaignPlan['audience']; channel: number; segment: Sql | undefined },
): Promise<{ total: bigint; reachable: bigint }> {
  const members = audienceSql(ask.audience, campaignId, 2, ask.segment)
  const { rows } = await executor.query<{ total: bigint; reachable: bigint }>({
    text: `SELECT count(*) AS total, count(*) FILTER (WHERE EXISTS (${addressesSql(ask.channel)})) AS reachable
      FROM (${members.text}) AS p`,
    values: [projectId, ...members.values],
  })
  return rows[0] ?? { total: 0n, reachable: 0n }
}
