import type { Campaign, CampaignAudience } from '@mainstay/proto/notify/v1/campaigns'
import { CampaignState } from '@mainstay/proto/notify/v1/campaigns'
import type { Tone } from '../../components/state-mark/state-mark.tsx'

/** How a campaign's state reads. */
export interface CampaignLook {
  slug: string
  word: string
  tone: Tone
  hollow?: boolean
  moving?: boolean
}

/** Every state, in the order of a campaign's life. */
export const campaignStates: ReadonlyMap<CampaignState, CampaignLook> = new Map([
  [CampaignState.DRAFT, { slug: 'draft', word: 'Draft', tone: 'quiet', hollow: true }],
  [CampaignState.SCHEDULED, { slug: 'scheduled', word: 'Scheduled', tone: 'info', hollow: true }],
  [CampaignState.PREPARING, { slug: 'preparing', word: 'Preparing', tone: 'info', moving: true }],
  [CampaignState.RUNNING, { slug: 'running', word: 'Running', tone: 'info', moving: true }],
  [CampaignState.PAUSED, { slug: 'paused', word: 'Paused', tone: 'warn' }],
  [CampaignState.FINISHED, { slug: 'finished', word: 'Finished', tone: 'ok' }],
  [CampaignState.CANCELLED, { slug: 'cancelled', word: 'Cancelled', tone: 'quiet' }],
  [CampaignState.FAILED, { slug: 'failed', word: 'Failed', tone: 'bad' }],
])

const unnamed: CampaignLook = { slug: 'other', word: 'Other', tone: 'quiet' }

export function campaignLook(state: CampaignState): CampaignLook {
  return campaignStates.get(state) ?? unnamed
}

/** It can change by itself. */
export function isUnderWay({ state, endTime }: Pick<Campaign, 'state' | 'endTime'>): boolean {
  const { SCHEDULED, PREPARING, RUNNING, PAUSED, CANCELLED } = CampaignState
  return [SCHEDULED, PREPARING, RUNNING, PAUSED].includes(state) || (state === CANCELLED && !endTime)
}

export function audienceWords(audience: CampaignAudience | undefined): string {
  switch (audience?.audience.case) {
    case 'topic':
      return `Topic ${audience.audience.value}`
    case 'segment':
      return `Segment ${audience.audience.value}`
    case 'allRecipients':
      return 'All recipients'
    case 'imported':
      return 'Its own list'
    default:
      return 'Nobody yet'
  }
}
