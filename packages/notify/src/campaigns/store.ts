import type { JsonValue } from '@bufbuild/protobuf'
import type { Executor, Tx } from '@mainstay/kernel'
import { CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { DELETED, type StoredState } from './campaign-state.ts'
import type { CampaignPlan } from './plan.ts'

/** A campaign as it is stored; its plan is read apart. */
export interface CampaignRow {
  project_id: string
  campaign_id: string
  revision: number
  live: boolean
  state: StoredState
  status_detail: string
  display_name: string
  spec: JsonValue
  send_time: Date | null
  messages_per_second: number
  imported_count: bigint
  total_count: bigint
  test_count: bigint
  decide_time: Date | null
  winner: number | null
  create_time: Date
  update_time: Date
  start_time: Date | null
  end_time: Date | null
}

const COLUMNS = `project_id, campaign_id, revision, live, state, status_detail, display_name, spec, send_time,
  messages_per_second, imported_count, total_count, test_count, decide_time, winner, create_time, update_time, start_time,
  end_time`

export type NewCampaign = Pick<
  CampaignRow,
  'project_id' | 'campaign_id' | 'live' | 'display_name' | 'spec' | 'send_time' | 'messages_per_second'
>

export async function insertCampaign(executor: Executor, row: NewCampaign, now: Date): Promise<CampaignRow> {
  const { rows } = await executor.query<CampaignRow>({
    text: `INSERT INTO notify.campaigns (project_id, campaign_id, revision, live, state, display_name, spec, send_time,
        messages_per_second, create_time, update_time)
      VALUES ($1, $2, 1, $3, ${CampaignState.DRAFT}, $4, $5, $6, $7, $8, $8) RETURNING ${COLUMNS}`,
    values: [
      row.project_id,
      row.campaign_id,
      row.live,
      row.display_name,
      JSON.stringify(row.spec),
      row.send_time,
      row.messages_per_second,
      now,
    ],
  })
  return rows[0] as CampaignRow
}

export async function findCampaign(
  executor: Executor,
  projectId: string,
  campaignId: string,
): Promise<CampaignRow | undefined> {
  const { rows } = await executor.query<CampaignRow>({
    name: 'notify.campaigns.find',
    text: `SELECT ${COLUMNS} FROM notify.campaigns WHERE project_id = $1 AND campaign_id = $2 AND state <> ${DELETED}`,
    values: [projectId, campaignId],
  })
  return rows[0]
}

/** Locks it against every step of its sending: what this transaction decides holds for all that come after. */
export async function lockCampaign(
  tx: Tx,
  projectId: string,
  campaignId: string,
): Promise<CampaignRow | undefined> {
  const { rows } = await tx.query<CampaignRow>({
    text: `SELECT ${COLUMNS} FROM notify.campaigns
      WHERE project_id = $1 AND campaign_id = $2 AND state <> ${DELETED} FOR UPDATE`,
    values: [projectId, campaignId],
  })
  return rows[0]
}

/** What somebody may change of a campaign. */
export type CampaignChange = Partial<
  Pick<
    CampaignRow,
    | 'state'
    | 'status_detail'
    | 'display_name'
    | 'spec'
    | 'send_time'
    | 'messages_per_second'
    | 'winner'
    | 'end_time'
  >
> & { plan?: CampaignPlan }

/** Writes a change of a row that this transaction has locked. */
export async function updateCampaign(
  tx: Tx,
  row: CampaignRow,
  change: CampaignChange,
  now: Date,
): Promise<CampaignRow> {
  const next = { ...row, ...change }
  const { rows } = await tx.query<CampaignRow>({
    text: `UPDATE notify.campaigns
      SET revision = revision + 1, state = $3, status_detail = $4, display_name = $5, spec = $6, send_time = $7,
        messages_per_second = $8, winner = $9, end_time = $10, plan = coalesce($11::json, plan), update_time = $12
      WHERE project_id = $1 AND campaign_id = $2 RETURNING ${COLUMNS}`,
    values: [
      row.project_id,
      row.campaign_id,
      next.state,
      next.status_detail,
      next.display_name,
      JSON.stringify(next.spec),
      next.send_time,
      next.messages_per_second,
      next.winner,
      next.end_time,
      change.plan === undefined ? null : JSON.stringify(change.plan),
      now,
    ],
  })
  return rows[0] as CampaignRow
}

export interface CampaignQuery {
  projectId: string
  states: readonly CampaignState[]
  live: boolean | null
  /** uuid of the last one of the page before. */
  beforeId: string | null
  limit: number
}

/** Newest first. */
export async function listCampaigns(executor: Executor, query: CampaignQuery): Promise<CampaignRow[]> {
  const { rows } = await executor.query<CampaignRow>({
    text: `SELECT ${COLUMNS} FROM notify.campaigns
      WHERE project_id = $1 AND state <> ${DELETED} AND (cardinality($2::int2[]) = 0 OR state = ANY ($2::int2[]))
        AND ($3::bool IS NULL OR live = $3) AND ($4::uuid IS NULL OR campaign_id < $4)
      ORDER BY campaign_id DESC LIMIT $5`,
    values: [query.projectId, query.states, query.live, query.beforeId, query.limit],
  })
  return rows
}

/** What was made of a campaign at its start; undefined before. */
export async function findPlan(
  executor: Executor,
  projectId: string,
  campaignId: string,
): Promise<CampaignPlan | undefined> {
  const { rows } = await executor.query<{ plan: CampaignPlan | null }>({
    name: 'notify.campaigns.plan',
    text: 'SELECT plan FROM notify.campaigns WHERE project_id = $1 AND campaign_id = $2',
    values: [projectId, campaignId],
  })
  return rows[0]?.plan ?? undefined
}

/** A campaign that workers look after. */
export interface UnderWay {
  projectId: string
  campaignId: string
  state: StoredState
  live: boolean
  messagesPerSecond: number
  /** From 1 on; null: not decided. */
  winner: number | null
  decideMs: number | null
  sendMs: number | null
  /** See `tellTrouble`. */
  inTrouble: boolean
}

/** All that are started and have something left to do, oldest first. */
export async function listUnderWay(executor: Executor): Promise<UnderWay[]> {
  const { rows } = await executor.query<UnderWay>({
    name: 'notify.campaigns.under_way',
    text: `SELECT project_id AS "projectId", campaign_id AS "campaignId", state, live,
        messages_per_second AS "messagesPerSecond", winner,
        (extract(epoch FROM decide_time) * 1000)::float8 AS "decideMs",
        (extract(epoch FROM send_time) * 1000)::float8 AS "sendMs", status_detail = $1 AS "inTrouble"
      FROM notify.campaigns
      WHERE state IN (2, 3, 4, 5, 9) OR (state = 7 AND end_time IS NULL)
      ORDER BY campaign_id`,
    values: [TROUBLE],
  })
  return rows
}

/** Begins those whose time has come: their audience is frozen next. Returns how many. */
export async function beginDue(executor: Executor, now: Date): Promise<number> {
  const { rowCount } = await executor.query({
    name: 'notify.campaigns.begin_due',
    text: `UPDATE notify.campaigns SET state = ${CampaignState.PREPARING}
      WHERE state = ${CampaignState.SCHEDULED} AND send_time <= $1`,
    values: [now],
  })
  return rowCount
}

/** What people are shown while a campaign cannot be looked after; why stands in the log. */
export const TROUBLE =
  'It cannot go on at the moment: something went wrong here. It is tried again by itself; the log says more.'

/** Says that a campaign cannot go on, or no longer: on its page and in its progress. */
export async function tellTrouble(
  executor: Executor,
  projectId: string,
  campaignId: string,
  isInTrouble: boolean,
): Promise<void> {
  await executor.query({
    text: `UPDATE notify.campaigns SET status_detail = $4
      WHERE project_id = $1 AND campaign_id = $2 AND status_detail = $3 AND end_time IS NULL`,
    values: [projectId, campaignId, ...(isInTrouble ? ['', TROUBLE] : [TROUBLE, ''])],
  })
}
