import type { AbMetric } from '@mainstay/proto/notify/v1/campaigns'
import type { InlineContent } from '../rendering.ts'
import type { SendWindow } from './send-window.ts'

/** Who gets a campaign. */
export type Audience =
  | { kind: 'topic'; topic: string }
  | { kind: 'segment'; segment: string }
  | { kind: 'all' }
  | { kind: 'imported' }

/** What one variant says: a version of a template, or the content itself. */
export interface PlanVariant {
  /** What lists show; a template's as it is written. */
  subject: string
  template: { name: string; version: number } | null
  content: InlineContent | null
}

/** What a campaign is from its start on: `notify.campaigns.plan`. It never changes, so that processes may keep it. */
export interface CampaignPlan {
  /** Of the contract. */
  channel: number
  unknownPolicy: number
  ttlMs: number
  /** Who started it. */
  actor: string
  requestId: string
  traceId: string
  category: string | null
  /** uuid of the account that alone sends it. */
  pinnedAccountId: string | null
  audience: Audience
  window: SendWindow | null
  test: { percent: number; metric: AbMetric; decideAfterMs: number } | null
  /** One without a test. */
  variants: PlanVariant[]
  data: Record<string, unknown>
}

export const VARIANT_NAMES = ['A', 'B', 'C', 'D'] as const

/** Whether a part of the audience waits for the test's winner. */
export function hasRest({ test }: Pick<CampaignPlan, 'test'>): boolean {
  return test !== null && test.percent < 100
}
