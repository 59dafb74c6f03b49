import { type Clock, newId, type Tx } from '@mainstay/kernel'
import { CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { uuidColumn } from '../accept/columns.ts'
import type { CampaignPlan } from './plan.ts'
import { nextClosing } from './send-window.ts'
import { stepName, stepSql } from './step-sql.ts'

/** A chunk that this process works on. */
export interface LeasedChunk {
  projectId: string
  campaignId: string
  chunkId: string
  /** The fencing token. */
  epoch: number
  phase: 1 | 2
  timezone: string | null
}

export interface LeaseAsk {
  projectId: string
  campaignId: string
  /** uuid of the process. */
  owner: string
  /** Also those who waited for a test's winner. */
  withRest: boolean
  now: Date
  leaseEnd: Date
}

/** Leases the next chunk that is open and that nobody else works on; undefined when there is none. */
export async function leaseChunk(tx: Tx, ask: LeaseAsk): Promise<LeasedChunk | undefined> {
  const { rows } = await tx.query<LeasedChunk>({
    name: 'notify.campaigns.lease',
    text: `
      UPDATE notify.campaign_chunks c SET lease_owner = $3, lease_end = $6, lease_epoch = c.lease_epoch + 1
      FROM (
        SELECT chunk_id FROM notify.campaign_chunks
        WHERE project_id = $1 AND campaign_id = $2 AND done_count < size AND phase <= $4 AND open_time <= $5
          AND (lease_owner IS NULL OR lease_end <= $5 OR lease_owner = $3)
        ORDER BY phase, open_time LIMIT 1 FOR UPDATE SKIP LOCKED
      ) next
      WHERE c.project_id = $1 AND c.campaign_id = $2 AND c.chunk_id = next.chunk_id
      RETURNING c.project_id AS "projectId", c.campaign_id AS "campaignId", c.chunk_id AS "chunkId", c.lease_epoch AS epoch,
        c.phase, c.timezone`,
    values: [ask.projectId, ask.campaignId, ask.owner, ask.withRest ? 2 : 1, ask.now, ask.leaseEnd],
  })
  return rows[0]
}

/** Gives a chunk back, to be begun again at `openTime` by whoever comes first. */
export async function giveBackChunk(
  tx: Tx,
  chunk: LeasedChunk,
  owner: string,
  openTime: Date,
): Promise<void> {
  await tx.query({
    text: `UPDATE notify.campaign_chunks SET lease_owner = NULL, lease_end = NULL, open_time = $6
      WHERE project_id = $1 AND campaign_id = $2 AND chunk_id = $3 AND lease_owner = $4 AND lease_epoch = $5`,
    values: [chunk.projectId, chunk.campaignId, chunk.chunkId, owner, chunk.epoch, openTime],
  })
}

/** Gives back all that a process works on, because it stops. */
export async function giveBackAll(tx: Tx, owner: string): Promise<void> {
  await tx.query({
    text: 'UPDATE notify.campaign_chunks SET lease_owner = NULL, lease_end = NULL WHERE lease_owner = $1',
    values: [owner],
  })
}

/** What of a campaign may change while it runs, held still for this transaction: a pause waits for it, and it for no pause. */
export interface Standing {
  winner: number | null
  messagesPerSecond: number
}

/** Undefined when the campaign is not running (any more). */
export async function holdRunning(
  tx: Tx,
  projectId: string,
  campaignId: string,
): Promise<Standing | undefined> {
  const { rows } = await tx.query<Standing>({
    name: 'notify.campaigns.hold',
    text: `SELECT winner, messages_per_second AS "messagesPerSecond" FROM notify.campaigns
      WHERE project_id = $1 AND campaign_id = $2 AND state = ${CampaignState.RUNNING} FOR SHARE`,
    values: [projectId, campaignId],
  })
  return rows[0]
}

export interface Step {
  chunk: LeasedChunk
  owner: string
  plan: CampaignPlan
  live: boolean
  winner: number | null
  limit: number
  /** When the first message is due, and how many milliseconds lie between two. */
  startMs: number
  gapMs: number
  leaseEnd: Date
}

export interface StepResult {
  /** Members that were passed by. */
  done: number
  /** Members of the chunk that are left. */
  left: number
  /** Messages that wait to be sent now. */
  queued: number
}

/** Sees to the next members of a chunk; undefined when another process has taken it over. */
export async function stepChunk(tx: Tx, clock: Clock, step: Step): Promise<StepResult | undefined> {
  const { chunk, plan, limit } = step
  const { projectId, campaignId, chunkId, epoch } = chunk
  const isImported = plan.audience.kind === 'imported'
  const kind = { channel: plan.channel, isImported }
  // The rest of a test's audience gets the winner, and everybody the one variant that there is without a test.
  const isTested = plan.test !== null && chunk.phase === 1
  const closing = closingOf(plan, chunk, clock.nowMs())
  const variant = isTested ? null : (step.winner ?? 1)
  const { rows } = await tx.query<StepResult>({
    name: stepName(kind),
    text: stepSql(kind),
    values: [
      projectId,
      campaignId,
      chunkId,
      step.owner,
      epoch,
      limit,
      clock.now(),
      step.leaseEnd,
      plan.channel,
      step.live,
      plan.unknownPolicy,
      plan.ttlMs,
      plan.variants.length,
      isTested,
      variant,
      plan.variants.map(({ template }) => template?.name ?? null),
      plan.variants.map(({ template }) => template?.version ?? null),
      plan.variants.map(({ subject }) => subject),
      JSON.stringify(plan.data),
      plan.actor,
      plan.requestId,
      plan.traceId,
      plan.pinnedAccountId,
      new Date(step.startMs),
      // Ids of notifications and messages in turn: each message's follows its notification's.
      uuidColumn(Array.from({ length: 2 * limit }, () => newId(clock))),
      step.gapMs,
      plan.category,
      closing === undefined ? null : chunk.timezone,
      closing ?? null,
    ],
  })
  return rows[0]
}

/** When the hours of a chunk that is open end; undefined where it has none. */
function closingOf({ window }: CampaignPlan, { timezone }: LeasedChunk, nowMs: number): Date | undefined {
  if (window === null || timezone === null) return undefined
  return new Date(nextClosing(window, timezone, nowMs))
}

/**
 * The time line of a campaign's rate: when the next message may be released, in milliseconds since 1970. Locked, so that all
 * processes together keep to it.
 */
export async function lockPace(tx: Tx, projectId: string, campaignId: string, now: Date): Promise<number> {
  const { rows } = await tx.query<{ nextMs: number }>({
    name: 'notify.campaigns.lock_pace',
    text: `INSERT INTO notify.campaign_paces AS p (project_id, campaign_id, next_time) VALUES ($1, $2, $3)
      ON CONFLICT (project_id, campaign_id) DO UPDATE SET next_time = greatest(p.next_time, excluded.next_time)
      RETURNING (extract(epoch FROM next_time) * 1000)::float8 AS "nextMs"`,
    values: [projectId, campaignId, now],
  })
  return rows[0]?.nextMs ?? now.getTime()
}

export async function movePace(tx: Tx, projectId: string, campaignId: string, nextMs: number): Promise<void> {
  await tx.query({
    name: 'notify.campaigns.move_pace',
    text: `UPDATE notify.campaign_paces SET next_time = to_timestamp($3) WHERE project_id = $1 AND campaign_id = $2`,
    values: [projectId, campaignId, nextMs / 1000],
  })
}

/** Messages of a campaign in the queue, counted up to `most`: those that wait, and those of them that are due. */
export async function countWaiting(
  executor: Pick<Tx, 'query'>,
  projectId: string,
  campaignId: string,
  now: Date,
  most: number,
): Promise<{ waiting: number; due: number }> {
  const { rows } = await executor.query<{ waiting: number; due: number }>({
    name: 'notify.campaigns.count_waiting',
    text: `SELECT count(*)::int4 AS waiting, count(*) FILTER (WHERE due_time <= $3)::int4 AS due FROM (
        SELECT due_time FROM notify.delivery_queue
        WHERE project_id = $1 AND campaign_id = $2 AND lane = 3 LIMIT $4) AS waiting`,
    values: [projectId, campaignId, now, most],
  })
  return rows[0] ?? { waiting: 0, due: 0 }
}
