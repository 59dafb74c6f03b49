import type { Executor } from '@mainstay/kernel'
import { AbMetric, CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { VARIANTS } from './progress-store.ts'

/** Says when a test is decided, once the last of it was released. Returns whether it did. */
export async function planDecision(
  executor: Executor,
  projectId: string,
  campaignId: string,
  decideTime: Date,
): Promise<boolean> {
  const { rowCount } = await executor.query({
    name: 'notify.campaigns.plan_decision',
    text: `
      UPDATE notify.campaigns SET decide_time = $3
      WHERE project_id = $1 AND campaign_id = $2 AND state = ${CampaignState.RUNNING} AND decide_time IS NULL
        AND NOT EXISTS (SELECT FROM notify.campaign_chunks
          WHERE project_id = $1 AND campaign_id = $2 AND phase = 1 AND done_count < size)`,
    values: [projectId, campaignId, decideTime],
  })
  return rowCount > 0
}

/**
 * Decides a test: the variant with the best rate among those it was sent to, the first of equals. One statement, which does nothing
 * where it is decided already, by hand or by another process.
 *
 * @returns whether this call decided it.
 */
export async function decideTest(
  executor: Executor,
  projectId: string,
  campaignId: string,
  metric: AbMetric,
): Promise<boolean> {
  const { rowCount } = await executor.query({
    text: `
      UPDATE notify.campaigns SET winner = coalesce((
        SELECT v.variant FROM (${VARIANTS}) AS v
        ORDER BY (CASE $3::int WHEN ${AbMetric.OPENS} THEN v.seen WHEN ${AbMetric.CLICKS} THEN v.clicked
          ELSE v.delivered END)::float8 / greatest(v.sent, 1) DESC, v.variant LIMIT 1), 1)
      WHERE project_id = $1 AND campaign_id = $2 AND winner IS NULL AND state = ${CampaignState.RUNNING}`,
    values: [projectId, campaignId, metric],
  })
  return rowCount > 0
}
