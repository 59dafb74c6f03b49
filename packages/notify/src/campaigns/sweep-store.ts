import type { Executor } from '@mainstay/kernel'
import { MessageState } from '@mainstay/proto/notify/v1'
import { CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { tellOf } from '../deliver/batch-sql.ts'
import { DELETED } from './campaign-state.ts'

/** The lane of bulk messages, and those that no worker picks from: of paused campaigns, and of hours that have ended. */
export const BULK = 3
export const HELD = 4
export const PARKED = 5

/** Rows of the queue that one statement changes at the most. */
export const SWEEP_SIZE = 1_000

/**
 * Moves waiting messages of a campaign to the lane that no worker picks from, or back. What somebody else holds at this moment is
 * passed over, so that nobody waits for anybody; whoever calls looks again until nothing is left.
 *
 * @param now passes over what is outside its hours then; null: nothing.
 * @returns how many were moved.
 */
async function moveLane(
  executor: Executor,
  projectId: string,
  campaignId: string,
  [from, to]: [number, number],
  now: Date | null,
): Promise<number> {
  const { rowCount } = await executor.query({
    name: 'notify.campaigns.move_lane',
    text: `
      UPDATE notify.delivery_queue q SET lane = $4
      FROM (
        SELECT message_id FROM notify.delivery_queue
        WHERE project_id = $1 AND campaign_id = $2 AND lane = $3 AND lease_owner IS NULL
          AND ($5::timestamptz IS NULL OR window_close IS NULL OR window_close > $5)
          AND ($3 <> ${PARKED} OR due_time <= $5)
        ORDER BY message_id LIMIT 10000 FOR UPDATE SKIP LOCKED
      ) w
      WHERE q.project_id = $1 AND q.message_id = w.message_id`,
    values: [projectId, campaignId, from, to, now],
  })
  return rowCount
}

/** Nothing that waits is sent until it is released. */
export function holdQueued(executor: Executor, projectId: string, campaignId: string): Promise<number> {
  return moveLane(executor, projectId, campaignId, [BULK, HELD], null)
}

/** The end of a pause. What waits beyond its hours stays: it is put off first (window-store.ts). */
export function releaseQueued(
  executor: Executor,
  projectId: string,
  campaignId: string,
  now: Date,
): Promise<number> {
  return moveLane(executor, projectId, campaignId, [HELD, BULK], now)
}

/** Lets workers have what was put off and whose hours have begun. */
export function releaseParked(
  executor: Executor,
  projectId: string,
  campaignId: string,
  now: Date,
): Promise<number> {
  return moveLane(executor, projectId, campaignId, [PARKED, BULK], now)
}

/**
 * Cancels up to `SWEEP_SIZE` messages of a campaign that wait. As with a single one (messages/decide-store.ts), a message whose
 * earlier attempt's answer was lost cannot be made unsent, and is unknown.
 *
 * @returns how many left the queue.
 */
export async function cancelQueuedOf(
  executor: Executor,
  projectId: string,
  campaignId: string,
  now: Date,
): Promise<number> {
  const { rowCount } = await executor.query({
    name: 'notify.campaigns.cancel_queued',
    text: CANCEL,
    values: [projectId, campaignId, now, SWEEP_SIZE],
  })
  return rowCount
}

const CANCEL = `
WITH waiting AS MATERIALIZED (
  SELECT message_id FROM notify.delivery_queue
  WHERE project_id = $1 AND campaign_id = $2 AND lease_owner IS NULL
  ORDER BY message_id LIMIT $4 FOR UPDATE SKIP LOCKED
),
gone AS (
  DELETE FROM notify.delivery_queue q USING waiting w WHERE q.project_id = $1 AND q.message_id = w.message_id
  RETURNING q.project_id, q.message_id
),
changed AS (
  UPDATE notify.messages m
  SET state = CASE WHEN d.lost THEN ${MessageState.UNKNOWN} ELSE ${MessageState.CANCELLED} END,
    status_detail = CASE WHEN d.lost
      THEN 'Its campaign was cancelled while it waited to be sent again: an earlier attempt may have reached the recipient'
      ELSE 'Its campaign was cancelled before it was sent' END,
    update_time = $3
  FROM gone g CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM notify.delivery_attempts a
      WHERE a.project_id = g.project_id AND a.message_id = g.message_id AND a.outcome = 6) AS lost
  ) d
  WHERE m.project_id = g.project_id AND m.message_id = g.message_id AND m.state = ${MessageState.ACCEPTED}
  RETURNING m.project_id, m.message_id
),
notes AS (
  INSERT INTO notify.message_notes (project_id, message_id, note_id, kind, actor, title)
  SELECT project_id, message_id, notify.new_id(), 1, 'campaign', 'Cancelled with its campaign' FROM changed
),${tellOf('changed', 'true')}
SELECT FROM gone`

/** Sets the end of a cancelled campaign of which nothing waits any more. Returns whether it did. */
export async function endCancelled(
  executor: Executor,
  projectId: string,
  campaignId: string,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await executor.query({
    name: 'notify.campaigns.end_cancelled',
    text: `
      UPDATE notify.campaigns SET end_time = $3
      WHERE project_id = $1 AND campaign_id = $2 AND state = ${CampaignState.CANCELLED} AND end_time IS NULL
        AND NOT EXISTS (SELECT FROM notify.delivery_queue WHERE project_id = $1 AND campaign_id = $2)`,
    values: [projectId, campaignId, now],
  })
  return rowCount > 0
}

/** Finishes a campaign that has seen to everybody and of which nothing waits any more. Returns whether it did. */
export async function finishCampaign(
  executor: Executor,
  projectId: string,
  campaignId: string,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await executor.query({
    name: 'notify.campaigns.finish',
    text: `
      UPDATE notify.campaigns SET state = ${CampaignState.FINISHED}, status_detail = '', end_time = $3
      WHERE project_id = $1 AND campaign_id = $2 AND state = ${CampaignState.RUNNING}
        AND NOT EXISTS (SELECT FROM notify.campaign_chunks WHERE project_id = $1 AND campaign_id = $2 AND done_count < size)
        AND NOT EXISTS (SELECT FROM notify.delivery_queue WHERE project_id = $1 AND campaign_id = $2)`,
    values: [projectId, campaignId, now],
  })
  return rowCount > 0
}

/** Tables that hold a campaign's rows, the largest first. */
const TABLES = [
  'campaign_recipients',
  'campaign_rows',
  'campaign_refusals',
  'campaign_counts',
  'campaign_points',
  'campaign_totals',
  'campaign_chunks',
  'campaign_paces',
] as const

/** Removes a part of a deleted campaign; true once nothing is left of it. In small commits, so that nobody waits. */
export async function removeDeleted(
  executor: Executor,
  projectId: string,
  campaignId: string,
): Promise<boolean> {
  for (const table of TABLES) {
    const { rowCount } = await executor.query({
      text: `DELETE FROM notify.${table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM notify.${table} WHERE project_id = $1 AND campaign_id = $2 LIMIT 5000))`,
      values: [projectId, campaignId],
    })
    if (rowCount > 0) return false
  }
  await executor.query({
    text: `DELETE FROM notify.campaigns WHERE project_id = $1 AND campaign_id = $2 AND state = ${DELETED}`,
    values: [projectId, campaignId],
  })
  return true
}

/** Rows that one statement of retention removes. */
const RETENTION_BATCH = 10_000

/**
 * Removes whom campaigns told that ended before a moment, and their lists: their messages have left the ledger. What they were and how
 * they went stays. In small commits, so that nobody waits.
 */
export async function dropOldPeople(executor: Executor, before: Date): Promise<void> {
  for (const table of ['campaign_recipients', 'campaign_rows', 'campaign_refusals']) {
    for (let removed = RETENTION_BATCH; removed === RETENTION_BATCH; ) {
      const { rowCount } = await executor.query({
        text: `DELETE FROM notify.${table} WHERE ctid = ANY (ARRAY(
          SELECT r.ctid FROM notify.campaigns c
          JOIN notify.${table} r ON r.project_id = c.project_id AND r.campaign_id = c.campaign_id
          WHERE c.end_time < $1 LIMIT ${RETENTION_BATCH}))`,
        values: [before],
      })
      removed = rowCount
    }
  }
}
