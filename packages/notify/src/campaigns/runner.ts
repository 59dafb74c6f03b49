import { type Bus, type Clock, type Db, type Logger, newId } from '@mainstay/kernel'
import { CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import { createSignal } from '../deliver/signal.ts'
import { DELETED } from './campaign-state.ts'
import { createExpander } from './expander.ts'
import { freeze } from './freeze.ts'
import type { Plans } from './plans.ts'
import { foldCounts } from './progress-store.ts'
import { beginDue, listUnderWay, tellTrouble, type UnderWay } from './store.ts'
import { cancelQueuedOf, endCancelled, holdQueued, removeDeleted } from './sweep-store.ts'

/** Where a process says that a campaign was started, paused, resumed, cancelled. */
export const CAMPAIGNS_CHANNEL = 'notify_campaigns'

export interface RunnerDeps {
  db: Db
  bus: Pick<Bus, 'listen'>
  clock: Clock
  logger: Logger
  plans: Plans
  /** Messages that one campaign may have waiting. */
  ahead: number
  /** See ExpanderDeps. */
  leaseMs?: number
  /** Called after a commit that made or ended messages. */
  onChanged(): void
}

/** How often what changes slowly is looked at: counters, times that come, what a pause missed. */
const TICK_MS = 500

/** The same while no campaign is under way: the start of one says so, and what comes in late is not urgent. */
const IDLE_TICK_MS = 2000

/** How soon more is made once enough waits: a tenth of a second of delivery is a fraction of what may wait. */
const REFILL_MS = 60

/** How long a campaign that cannot be looked after is left alone, at the most. */
const LONGEST_PAUSE_MS = 60_000

type Progress = 'more' | 'soon' | 'idle' | 'asleep'

const PAUSES_MS = { soon: REFILL_MS, idle: TICK_MS, asleep: IDLE_TICK_MS } as const

/**
 * Looks after campaigns: freezes audiences, makes messages a step at a time as far ahead of their delivery as is allowed, and
 * finishes what is paused, cancelled or deleted. Any number of processes may; each works on chunks of its own.
 */
export function createRunner(deps: RunnerDeps) {
  const { db, bus, clock, logger, plans, onChanged } = deps
  const signal = createSignal()
  const owner = newId()
  const expander = createExpander({ ...deps, owner })
  let stopping = false
  let loop: Promise<void> | undefined
  let unlisten: (() => void) | undefined
  let nextTickMs = 0
  const failing = new Map<string, { times: number; untilMs: number }>()

  /** Returns whether there is more to do at once, something soon, nothing now, or no campaign at all. */
  async function turn(): Promise<Progress> {
    const isTick = performance.now() >= nextTickMs
    if (isTick) {
      nextTickMs = performance.now() + TICK_MS
      await foldCounts(db, clock.now())
    }
    let progress: Progress = 'idle'
    const underWay = await listUnderWay(db)
    forgetEnded(underWay)
    if (underWay.length === 0) return 'asleep'
    for (const campaign of underWay) {
      if (stopping) break
      const made = await unlessFailing(campaign, () => lookAfter(campaign, isTick))
      if (made === 'more' || progress === 'idle') progress = made
    }
    return progress
  }

  function forgetEnded(underWay: readonly UnderWay[]): void {
    if (failing.size === 0) return
    const ids = new Set(underWay.map(({ campaignId }) => campaignId))
    for (const id of failing.keys()) if (!ids.has(id)) failing.delete(id)
  }

  /** A campaign that cannot be looked after is left alone for a while: the others go on without it. */
  async function unlessFailing(
    { projectId, campaignId, inTrouble }: UnderWay,
    work: () => Promise<Progress>,
  ): Promise<Progress> {
    const { times, untilMs } = failing.get(campaignId) ?? { times: 0, untilMs: 0 }
    if (performance.now() < untilMs) return 'idle'
    try {
      const progress = await work()
      failing.delete(campaignId)
      if (inTrouble) await tellTrouble(db, projectId, campaignId, false)
      return progress
    } catch (err) {
      const pauseMs = Math.min(LONGEST_PAUSE_MS, 250 * 2 ** times)
      failing.set(campaignId, { times: times + 1, untilMs: performance.now() + pauseMs })
      logger.error({ err, campaignId, pauseMs }, 'a campaign could not be looked after; trying again')
      await tellTrouble(db, projectId, campaignId, true).catch((cause: unknown) => {
        logger.error({ err: cause, campaignId }, 'the trouble of a campaign could not be told')
      })
      return 'idle'
    }
  }

  async function lookAfter(campaign: UnderWay, isTick: boolean): Promise<Progress> {
    const { projectId, campaignId, state, sendMs } = campaign
    if (state !== CampaignState.RUNNING) expander.forget(campaignId)
    switch (state) {
      case CampaignState.SCHEDULED:
        if ((sendMs ?? 0) > clock.nowMs()) return 'idle'
        return (await beginDue(db, clock.now())) > 0 ? 'more' : 'idle'
      case CampaignState.PREPARING: {
        const plan = await plans.find(projectId, campaignId)
        return plan !== undefined && (await freeze(deps, projectId, campaignId, plan)) ? 'more' : 'soon'
      }
      case CampaignState.RUNNING:
        return await expander.advance(campaign, isTick)
      case CampaignState.PAUSED:
        // A retry that was under way when it was paused comes back to the queue later.
        if (isTick) await holdQueued(db, projectId, campaignId)
        return 'idle'
      case CampaignState.CANCELLED: {
        const cancelled = await cancelQueuedOf(db, projectId, campaignId, clock.now())
        if (cancelled > 0) onChanged()
        else if (isTick) await endCancelled(db, projectId, campaignId, clock.now())
        return cancelled > 0 ? 'more' : 'soon'
      }
      case DELETED:
        return (await removeDeleted(db, projectId, campaignId)) ? 'idle' : 'more'
      default:
        return 'idle'
    }
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stopping; ) {
      try {
        const progress = await turn()
        failures = 0
        if (progress === 'more') continue
        await signal.wait(PAUSES_MS[progress])
      } catch (err) {
        failures++
        logger.error({ err }, 'campaigns could not be looked after; trying again')
        await signal.wait(Math.min(5000, 100 * 2 ** failures))
      }
    }
  }

  return {
    async start(): Promise<void> {
      unlisten = await bus.listen(CAMPAIGNS_CHANNEL, signal.fire)
      loop = run()
    },
    async stop(): Promise<void> {
      stopping = true
      unlisten?.()
      signal.fire()
      await loop
      await expander.giveBack().catch((err: unknown) => {
        logger.warn(
          { err },
          'chunks of campaigns could not be given back: they are free once their leases end',
        )
      })
    },
  }
}
