import type { Clock, Db, Logger, TransactionOptions, Tx } from '@mainstay/kernel'
import { AbMetric } from '@mainstay/proto/notify/v1/campaigns'
import { type CampaignPlan, hasRest } from './plan.ts'
import type { Plans } from './plans.ts'
import { nextClosing, nextOpening, wallTime } from './send-window.ts'
import {
  countWaiting,
  giveBackAll,
  giveBackChunk,
  holdRunning,
  type LeasedChunk,
  leaseChunk,
  lockPace,
  movePace,
  stepChunk,
} from './step-store.ts'
import type { UnderWay } from './store.ts'
import { finishCampaign, releaseParked, releaseQueued } from './sweep-store.ts'
import { decideTest, planDecision } from './test-store.ts'
import { listClosedZones, parkZone } from './window-store.ts'

export interface ExpanderDeps {
  db: Db
  clock: Clock
  logger: Logger
  plans: Plans
  /** uuid of this process's run. */
  owner: string
  ahead: number
  /** A process that does not step for so long loses its chunk to another. Default: 15 seconds. */
  leaseMs?: number
  onChanged(): void
}

/** Members that one commit sees to: long enough that the commit is a small part of it, short enough that nobody waits for it. */
const STEP = 500

/** With less room than this, a step is not worth its commit. */
const WORTH_A_STEP = 250

/** How far ahead of the clock a campaign with a speed limit is released. */
const HORIZON_MS = 1_000

/** How many times what may be due may wait in all, for retries and for accounts at rest. */
const WAITING_FACTOR = 5

/** Plans made while a table was small must not read it whole once it has grown. */
const BY_INDEX: TransactionOptions = {
  settings: { enable_seqscan: 'off', enable_bitmapscan: 'off', plan_cache_mode: 'force_generic_plan' },
}

/** Makes the messages of running campaigns, as far ahead of their delivery as is allowed. */
export function createExpander(deps: ExpanderDeps) {
  const { db, clock, plans, owner, ahead, leaseMs = 15_000, onChanged } = deps
  /** The chunk that this process works on, by campaign. */
  const chunks = new Map<string, LeasedChunk>()

  async function advance(campaign: UnderWay, isTick: boolean): Promise<'more' | 'soon' | 'idle'> {
    const { projectId, campaignId } = campaign
    const plan = await plans.find(projectId, campaignId)
    if (plan === undefined) return 'idle'
    if (isTick) {
      await releaseQueued(db, projectId, campaignId, clock.now())
      await keepHours(campaign, plan)
    }
    const room = await findRoom(campaign)
    if (room <= 0) return 'soon'
    const chunk = chunks.get(campaignId) ?? (await lease(campaign, plan))
    if (chunk === undefined) {
      if (isTick) await conclude(campaign, plan)
      return 'idle'
    }
    chunks.set(campaignId, chunk)
    if (await isClosed(chunk, plan)) return 'more'
    const moved = await step(campaign, chunk, plan, room)
    if (moved === 'lost') chunks.delete(campaignId)
    if (moved === 'moved') onChanged()
    return moved === 'too_soon' ? 'soon' : 'more'
  }

  /** Puts off what waits in the queue where the hours have ended, and lets go where they begin: a provider was down, or slow. */
  async function keepHours({ projectId, campaignId }: UnderWay, { window }: CampaignPlan): Promise<void> {
    if (window === null) return
    const now = clock.now()
    for (const timezone of await listClosedZones(db, projectId, campaignId, now)) {
      const openMs = nextOpening(window, timezone, now.getTime())
      await parkZone(db, {
        ...{ projectId, campaignId, timezone, now },
        openTime: new Date(openMs),
        closeTime: new Date(nextClosing(window, timezone, openMs)),
        title: `Put off until ${wallTime(window.startMinute)} in ${timezone}: the hours of its campaign had ended`,
      })
    }
    if ((await releaseParked(db, projectId, campaignId, now)) > 0) onChanged()
  }

  /** How many messages may be made now. */
  async function findRoom({ projectId, campaignId, messagesPerSecond }: UnderWay): Promise<number> {
    // With a limit, no more than a second's worth waits: what waits goes at once when a provider is back.
    const mayBeDue = messagesPerSecond > 0 ? Math.min(ahead, messagesPerSecond) : ahead
    const mayWait = ahead * WAITING_FACTOR
    const { due, waiting } = await countWaiting(db, projectId, campaignId, clock.now(), mayWait)
    const room = Math.min(mayBeDue - due, mayWait - waiting, STEP)
    return room < Math.min(WORTH_A_STEP, mayBeDue / 2) ? 0 : room
  }

  async function lease(campaign: UnderWay, plan: CampaignPlan): Promise<LeasedChunk | undefined> {
    const { projectId, campaignId, winner } = campaign
    const withRest = !hasRest(plan) || winner !== null
    const leaseEnd = new Date(clock.nowMs() + leaseMs)
    return await db.transaction(
      (tx) => leaseChunk(tx, { projectId, campaignId, owner, withRest, now: clock.now(), leaseEnd }),
      BY_INDEX,
    )
  }

  /** Puts a chunk off until its window of hours opens, if that is closed now. */
  async function isClosed(chunk: LeasedChunk, { window }: CampaignPlan): Promise<boolean> {
    if (window === null || chunk.timezone === null) return false
    const nowMs = clock.nowMs()
    const openMs = nextOpening(window, chunk.timezone, nowMs)
    if (openMs <= nowMs) return false
    await db.transaction((tx) => giveBackChunk(tx, chunk, owner, new Date(openMs)))
    chunks.delete(chunk.campaignId)
    return true
  }

  /** One commit. `lost`: another process has the chunk, it is done, or the campaign does not run any more. */
  async function step(
    campaign: UnderWay,
    chunk: LeasedChunk,
    plan: CampaignPlan,
    room: number,
  ): Promise<'moved' | 'lost' | 'too_soon'> {
    const { projectId, campaignId, live } = campaign
    return await db.transaction(async (tx) => {
      const standing = await holdRunning(tx, projectId, campaignId)
      if (standing === undefined) return 'lost'
      const pace = await findPace(tx, campaign, standing.messagesPerSecond, room)
      if (pace.limit < 1) return 'too_soon'
      const result = await stepChunk(tx, clock, {
        ...{ chunk, owner, plan, live, winner: standing.winner },
        ...pace,
        leaseEnd: new Date(clock.nowMs() + leaseMs),
      })
      if (result === undefined) return 'lost'
      if (pace.gapMs > 0) {
        await movePace(tx, projectId, campaignId, pace.startMs + result.queued * pace.gapMs)
      }
      if (result.left === 0) tx.afterCommit(() => void chunks.delete(campaignId))
      return 'moved'
    }, BY_INDEX)
  }

  async function findPace(tx: Tx, { projectId, campaignId }: UnderWay, perSecond: number, room: number) {
    const nowMs = clock.nowMs()
    if (perSecond === 0) return { limit: room, startMs: nowMs, gapMs: 0 }
    const startMs = Math.max(nowMs, await lockPace(tx, projectId, campaignId, new Date(nowMs)))
    const gapMs = 1000 / perSecond
    const allowed = Math.floor((nowMs + HORIZON_MS - startMs) / gapMs)
    // Few at a time are many commits: a quarter of a second's worth is released at once.
    const least = Math.max(1, Math.min(STEP, Math.ceil(perSecond / 4)))
    return { limit: allowed < least ? 0 : Math.min(room, allowed), startMs, gapMs }
  }

  /** Nothing of it is open now: it is finished, or its test is to be decided. */
  async function conclude(campaign: UnderWay, plan: CampaignPlan): Promise<void> {
    const { projectId, campaignId, winner, decideMs } = campaign
    const { test } = plan
    if (test !== null && hasRest(plan) && winner === null) {
      if (decideMs === null) {
        const waitMs = test.metric === AbMetric.MANUAL ? 0 : test.decideAfterMs
        await planDecision(db, projectId, campaignId, new Date(clock.nowMs() + waitMs))
      } else if (decideMs <= clock.nowMs() && test.metric !== AbMetric.MANUAL) {
        await decideTest(db, projectId, campaignId, test.metric)
      }
      return
    }
    await finishCampaign(db, projectId, campaignId, clock.now())
  }

  return {
    advance,
    /** A campaign that does not run now: its chunk is leased anew when it does. */
    forget: (campaignId: string): void => void chunks.delete(campaignId),
    /** Lets others go on at once with what this process had begun. */
    async giveBack(): Promise<void> {
      chunks.clear()
      await db.transaction((tx) => giveBackAll(tx, owner))
    },
  }
}

export type Expander = ReturnType<typeof createExpander>
