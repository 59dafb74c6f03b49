import type { CampaignProgress } from '@mainstay/proto/notify/v1/campaigns'
import type { CallContext } from '@mainstay/rpc'
import { createSignal } from '../deliver/signal.ts'
import { isEnded } from './campaign-state.ts'
import type { ProgressTeller } from './progress.ts'
import type { Campaigns } from './service.ts'

export interface WatchCampaign {
  /** One caller's stream: ends with the campaign, when the caller goes away, or when the program stops. */
  stream(campaignId: string, ctx: Pick<CallContext, 'projectId' | 'signal'>): AsyncIterable<CampaignProgress>
  /** Ends every stream. */
  stop(): void
}

/** How often a campaign is looked at, and how often a stream without changes says that it is alive. */
const LOOK_MS = 1_000
const HEARTBEAT_MS = 15_000

export function createWatchCampaign(deps: {
  campaigns: Pick<Campaigns, 'get'>
  progress: ProgressTeller
}): WatchCampaign {
  const { campaigns, progress } = deps
  const stopping = new AbortController()

  async function* stream(
    campaignId: string,
    { projectId, signal }: Pick<CallContext, 'projectId' | 'signal'>,
  ): AsyncGenerator<CampaignProgress> {
    const ended = AbortSignal.any([signal, stopping.signal])
    const next = createSignal()
    ended.addEventListener('abort', next.fire)
    try {
      let last = ''
      let toldMs = 0
      while (!ended.aborted) {
        const row = await campaigns.get(projectId, campaignId)
        const told = await progress.one(row)
        const { time: _, ...facts } = told
        const seen = JSON.stringify(facts, (_key, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        )
        if (seen !== last || performance.now() - toldMs >= HEARTBEAT_MS) {
          yield told
          last = seen
          toldMs = performance.now()
        }
        if (isEnded(row.state) && row.end_time !== null) return
        if (!ended.aborted) await next.wait(LOOK_MS)
      }
    } finally {
      ended.removeEventListener('abort', next.fire)
    }
  }

  return { stream, stop: () => stopping.abort() }
}
