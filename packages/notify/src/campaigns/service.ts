import { timestampDate } from '@bufbuild/protobuf/wkt'
import { type Act, recordAudit } from '@mainstay/access'
import {
  type AppError,
  appError,
  type Bus,
  type Clock,
  type Db,
  fromTypeId,
  newId,
  type Tx,
  toTypeId,
} from '@mainstay/kernel'
import { type Campaign, CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { reasons } from '../errors.ts'
import { requireMode } from '../test-mode.ts'
import { ALREADY, type CampaignAct, DELETED, isEnded, MAY } from './campaign-state.ts'
import { type MakePlanDeps, makePlan } from './make-plan.ts'
import { hasRest, VARIANT_NAMES } from './plan.ts'
import type { Plans } from './plans.ts'
import { CAMPAIGNS_CHANNEL } from './runner.ts'
import { applyMask, checkSpec, invalidCampaign, readSpec, specOf, writeSpec } from './spec.ts'
import {
  type CampaignChange,
  type CampaignQuery,
  type CampaignRow,
  findCampaign,
  insertCampaign,
  listCampaigns,
  lockCampaign,
  updateCampaign,
} from './store.ts'
import { holdQueued, releaseQueued } from './sweep-store.ts'

/** Who asks, for which project. A test caller may not touch what moves real things. */
export interface CampaignCaller extends Act {
  projectId: string
  testMode: boolean
  traceId: string
}

export interface CampaignsDeps extends MakePlanDeps {
  db: Db
  bus: Pick<Bus, 'notify'>
  clock: Clock
  plans: Pick<Plans, 'find'>
}

/** What people decide about campaigns. What follows from it is the runner's. */
export function createCampaigns(deps: CampaignsDeps) {
  const { db, bus, clock, plans } = deps
  const within = <T>(act: Act, fn: (tx: Tx) => Promise<T>): Promise<T> =>
    act.tx === undefined ? db.transaction(fn) : fn(act.tx)

  async function record(tx: Tx, act: CampaignCaller, row: CampaignRow, verb: string): Promise<void> {
    await recordAudit(tx, clock, act, {
      projectId: row.project_id,
      action: `notify.campaigns.${verb}`,
      resource: toTypeId('cmp', row.campaign_id),
    })
    await bus.notify(tx, CAMPAIGNS_CHANNEL)
  }

  /**
   * One decision: the campaign is locked, and no step of its sending is under way. Undefined: it is so already, and nothing
   * changes.
   */
  async function decide(
    act: CampaignCaller,
    campaignId: string,
    verb: CampaignAct,
    change: (tx: Tx, row: CampaignRow) => Promise<CampaignChange | undefined>,
  ): Promise<CampaignRow> {
    return await within(act, async (tx) => {
      const row = await lock(tx, act, campaignId)
      if (ALREADY[verb]?.includes(row.state)) return row
      requireState(row, verb)
      const changed = await change(tx, row)
      if (changed === undefined) return row
      const updated = await updateCampaign(tx, row, changed, clock.now())
      await record(tx, act, updated, verb)
      return updated
    })
  }

  async function lock(tx: Tx, act: CampaignCaller, campaignId: string): Promise<CampaignRow> {
    const row = await lockCampaign(tx, act.projectId, requireId(campaignId))
    if (row === undefined) throw notFound()
    requireMode(act, row.live, 'This campaign is live: use a live key, or live mode in the console.')
    return row
  }

  return {
    async create(act: CampaignCaller, wanted: Campaign): Promise<CampaignRow> {
      const spec = specOf(wanted)
      checkSpec(spec, clock.nowMs())
      return await within(act, async (tx) => {
        const row = await insertCampaign(
          tx,
          { project_id: act.projectId, campaign_id: newId(clock), live: !act.testMode, ...columnsOf(spec) },
          clock.now(),
        )
        await record(tx, act, row, 'create')
        return row
      })
    },

    async get(projectId: string, campaignId: string): Promise<CampaignRow> {
      const row = await findCampaign(db, projectId, requireId(campaignId))
      if (row === undefined) throw notFound()
      return row
    },

    list: (query: CampaignQuery): Promise<CampaignRow[]> => listCampaigns(db, query),

    async update(
      act: CampaignCaller,
      wanted: Campaign,
      mask: readonly string[] | undefined,
    ): Promise<CampaignRow> {
      return await within(act, async (tx) => {
        const row = await lock(tx, act, wanted.campaignId)
        requireEtag(row, wanted.etag)
        const { spec, changed } = applyMask(readSpec(row.spec), wanted, mask)
        requireState(row, changed.every((field) => field === 'messagesPerSecond') ? 'speed' : 'update')
        checkSpec(spec, clock.nowMs())
        // One that waits for its time was planned with what it said when it was started.
        const isPlanned = row.state === CampaignState.SCHEDULED
        const plan = isPlanned ? await makePlan(deps, tx, row, spec, starterOf(act)) : undefined
        const updated = await updateCampaign(
          tx,
          row,
          { ...columnsOf(spec), ...(plan !== undefined && { plan }) },
          clock.now(),
        )
        await record(tx, act, updated, 'update')
        return updated
      })
    },

    async remove(act: CampaignCaller, campaignId: string): Promise<void> {
      await decide(act, campaignId, 'delete', async (_, row) => {
        if (row.state === CampaignState.CANCELLED && row.end_time === null) throw stillCancelling()
        return { state: DELETED, end_time: row.end_time ?? clock.now() }
      })
    },

    start: (act: CampaignCaller, campaignId: string, etag: string): Promise<CampaignRow> =>
      decide(act, campaignId, 'start', async (tx, row) => {
        requireEtag(row, etag)
        const plan = await makePlan(deps, tx, row, readSpec(row.spec), starterOf(act))
        const isLater = row.send_time !== null && row.send_time.getTime() > clock.nowMs()
        return { state: isLater ? CampaignState.SCHEDULED : CampaignState.PREPARING, plan }
      }),

    pause: (act: CampaignCaller, campaignId: string): Promise<CampaignRow> =>
      decide(act, campaignId, 'pause', async (tx, row) => {
        await holdQueued(tx, row.project_id, row.campaign_id)
        return { state: CampaignState.PAUSED }
      }),

    resume: (act: CampaignCaller, campaignId: string): Promise<CampaignRow> =>
      decide(act, campaignId, 'resume', async (tx, row) => {
        await releaseQueued(tx, row.project_id, row.campaign_id, clock.now())
        return { state: CampaignState.RUNNING }
      }),

    /** What waits is held at once, and cancelled by the runner. */
    cancel: (act: CampaignCaller, campaignId: string): Promise<CampaignRow> =>
      decide(act, campaignId, 'cancel', async (tx, row) => {
        await holdQueued(tx, row.project_id, row.campaign_id)
        return { state: CampaignState.CANCELLED }
      }),

    choose: (act: CampaignCaller, campaignId: string, variant: string): Promise<CampaignRow> =>
      decide(act, campaignId, 'choose', async (_, row) => {
        const plan = await plans.find(row.project_id, row.campaign_id)
        const winner = (VARIANT_NAMES as readonly string[]).indexOf(variant) + 1
        if (plan === undefined || !hasRest(plan) || (row.winner !== null && row.winner !== winner)) {
          throw conflict(row, 'choose')
        }
        if (winner > plan.variants.length) {
          const description = `must be one of ${VARIANT_NAMES.slice(0, plan.variants.length).join(', ')}`
          throw invalidCampaign([{ field: 'variant', description }])
        }
        return row.winner === winner ? undefined : { winner }
      }),

    /** For a change of a draft's own list: locks it. */
    async lockForImport(tx: Tx, act: CampaignCaller, campaignId: string): Promise<CampaignRow> {
      const row = await lock(tx, act, campaignId)
      requireState(row, 'import')
      return row
    },
  }
}

export type Campaigns = ReturnType<typeof createCampaigns>

function columnsOf(spec: Campaign) {
  return {
    display_name: spec.displayName,
    spec: writeSpec(spec),
    send_time: spec.sendTime === undefined ? null : timestampDate(spec.sendTime),
    messages_per_second: spec.messagesPerSecond,
  }
}

function starterOf({ actor, requestId, traceId }: CampaignCaller) {
  return { actor, requestId, traceId }
}

export function etagOf({ revision }: Pick<CampaignRow, 'revision'>): string {
  return String(revision)
}

function requireEtag(row: CampaignRow, etag: string): void {
  if (etag === '' || etag === etagOf(row)) return
  throw appError(
    reasons,
    'notify.etag_mismatch',
    'The campaign was changed since you read it. Read it again and repeat your change.',
  )
}

function requireState(row: CampaignRow, verb: CampaignAct): void {
  if (!MAY[verb].includes(row.state)) throw conflict(row, verb)
}

export function requireId(text: string): string {
  const uuid = fromTypeId('cmp', text)
  if (uuid === undefined) throw notFound()
  return uuid
}

function notFound(): AppError {
  return appError(reasons, 'notify.campaign_not_found', 'There is no such campaign in this project.')
}

const DEEDS: Readonly<Record<CampaignAct, string>> = {
  update: 'Only a draft, or one that waits for its time, can be changed',
  speed: 'The speed of a campaign that has ended cannot be changed',
  delete: 'Only a campaign that was not started, or that has ended, can be deleted',
  start: 'Only a draft can be started',
  pause: 'Only a running campaign can be paused',
  resume: 'Only a paused campaign can be resumed',
  cancel: 'Only a campaign that was started and has not ended can be cancelled',
  choose: 'Only a running A/B test that is not decided can be decided',
  import: 'Only the list of a draft can be changed',
}

function stillCancelling(): AppError {
  const message = 'What was queued of this campaign is still being cancelled. Delete it in a few seconds.'
  return appError(reasons, 'notify.campaign_state_conflict', message, { metadata: { state: 'CANCELLING' } })
}

function conflict(row: CampaignRow, verb: CampaignAct): AppError {
  const state =
    isEnded(row.state) && row.state === DELETED ? 'DELETED' : CampaignState[row.state as CampaignState]
  return appError(
    reasons,
    'notify.campaign_state_conflict',
    `${DEEDS[verb]}; this one is ${state.toLowerCase()}.`,
    { metadata: { state } },
  )
}
