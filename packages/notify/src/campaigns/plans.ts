import type { Db } from '@mainstay/kernel'
import { LRUCache } from 'lru-cache'
import type { ContentRenderer, InlineContent, NotificationContent, Renderer } from '../rendering.ts'
import type { CampaignPlan } from './plan.ts'
import { findPlan } from './store.ts'

/** What campaigns were made of at their starts. A plan never changes, so that a read one is kept for as long as there is room. */
export interface Plans {
  find(projectId: string, campaignId: string): Promise<CampaignPlan | undefined>
  /** Fills what messages of campaigns say: they name their campaign where its content is the same for all. */
  render: ContentRenderer['render']
}

/** Large ones hold a megabyte of HTML for each variant. */
const MOST_KEPT = 32

export function createPlans(db: Db, renderer: Pick<Renderer, 'render'>): Plans {
  const kept = new LRUCache<string, CampaignPlan>({ max: MOST_KEPT })
  const asked = new Map<string, Promise<CampaignPlan | undefined>>()

  async function load(projectId: string, campaignId: string): Promise<CampaignPlan | undefined> {
    const plan = await findPlan(db, projectId, campaignId)
    if (plan !== undefined) kept.set(campaignId, plan)
    return plan
  }

  async function find(projectId: string, campaignId: string): Promise<CampaignPlan | undefined> {
    const known = kept.get(campaignId)
    if (known !== undefined) return known
    // A batch of one campaign's messages asks for it at once.
    const key = `${projectId}/${campaignId}`
    const running = asked.get(key) ?? load(projectId, campaignId).finally(() => asked.delete(key))
    asked.set(key, running)
    return await running
  }

  return {
    find,
    async render(projectId, content: NotificationContent): Promise<InlineContent> {
      if (!('campaign' in content)) return renderer.render(projectId, content)
      const { id, variant } = content.campaign
      const said = (await find(projectId, id))?.variants[variant - 1]?.content
      if (said === undefined || said === null) throw new TypeError(`The content of campaign ${id} is gone`)
      return said
    },
  }
}
