import { durationMs } from '@bufbuild/protobuf/wkt'
import { appError, type Executor, type FieldViolation, fromTypeId } from '@mainstay/kernel'
import { UnknownPolicy } from '@mainstay/proto/notify/v1'
import { AbMetric, type Campaign, type CampaignContent } from '@mainstay/proto/notify/v1/campaigns'
import { type FindCategory, requireCategory } from '../accept/categories.ts'
import { inlineContent } from '../accept/content.ts'
import type { NotifySettings } from '../config.ts'
import { reasons } from '../errors.ts'
import { LINK_SAMPLES } from '../preferences/mail-links.ts'
import type { ProviderDirectory } from '../provider-accounts/directory.ts'
import { formatMailbox, parseMailbox } from '../providers/mailboxes.ts'
import { channelNumber, type MessageChannel } from '../providers/outgoing.ts'
import type { InlineContent, MailExtras, Renderer } from '../rendering.ts'
import { findAudience } from './audience.ts'
import type { CampaignPlan, PlanVariant } from './plan.ts'
import { sampleAudience, tryTemplate } from './sample.ts'
import { minutesOf } from './send-window.ts'
import { audienceOf, invalidCampaign } from './spec.ts'
import type { CampaignRow } from './store.ts'

export interface MakePlanDeps {
  settings: Pick<NotifySettings, 'bulkTtlMs' | 'bulkUnknownPolicy'>
  directory: Pick<ProviderDirectory, 'candidates'>
  renderer: Pick<Renderer, 'find' | 'render' | 'check'>
  findCategory: FindCategory
  /** Messages to recipients bring links to their preferences along. */
  hasLinks: boolean
  /** A template's subject as it is written. */
  subjectOf(projectId: string, template: { name: string; version: number }): Promise<string>
}

export interface Starter {
  actor: string
  requestId: string
  traceId: string
}

/**
 * Makes of what people wrote what a campaign is from its start on: versions are settled, the channel is known, the plain text of
 * inline mail is made. Throws what is missing, by its path.
 */
export async function makePlan(
  deps: MakePlanDeps,
  executor: Executor,
  row: CampaignRow,
  spec: Campaign,
  starter: Starter,
): Promise<CampaignPlan> {
  const { settings } = deps
  const { project_id: projectId } = row
  const said = spec.abTest?.variants ?? (spec.content === undefined ? [] : [spec.content])
  const audience = audienceOf(spec.audience)
  const violations: FieldViolation[] = []
  if (said.length === 0)
    violations.push({ field: 'campaign.content', description: 'must be set before it starts' })
  if (audience === undefined)
    violations.push({ field: 'campaign.audience', description: 'must be set before it starts' })
  if (audience?.kind === 'imported' && row.imported_count === 0n)
    violations.push({
      field: 'campaign.audience.imported',
      description: 'the list is empty: import it first',
    })
  if (violations.length > 0 || audience === undefined) throw invalidCampaign(violations)
  const found = await findAudience(executor, projectId, audience, 3)
  if ('missing' in found) {
    throw invalidCampaign([{ field: `campaign.audience.${audience.kind}`, description: found.missing }])
  }
  if (spec.category !== '') await requireCategory(projectId, spec.category, deps.findCategory)
  const made = await Promise.all(said.map((content) => makeVariant(deps, projectId, content)))
  const channel = made[0]?.channel ?? 'email'
  if (made.some((variant) => variant.channel !== channel)) {
    throw invalidCampaign([{ field: 'campaign.abTest.variants', description: 'must all be of one channel' }])
  }
  const data = spec.data ?? {}
  if (made.some(({ variant }) => variant.template !== null)) {
    const key = { projectId, campaignId: row.campaign_id }
    const people = await sampleAudience(executor, key, audience, found.segment)
    const linkSamples = deps.hasLinks && channel !== 'inbox' ? LINK_SAMPLES : {}
    for (const { variant } of made) {
      await tryTemplate(deps.renderer, projectId, variant, data, people, linkSamples)
    }
  }
  const policy = settings.bulkUnknownPolicy
  return {
    channel: channelNumber(channel),
    unknownPolicy: policy === 'at_least_once' ? UnknownPolicy.AT_LEAST_ONCE : UnknownPolicy.AT_MOST_ONCE,
    ttlMs: spec.ttl === undefined ? settings.bulkTtlMs : durationMs(spec.ttl),
    ...starter,
    category: spec.category || null,
    pinnedAccountId: await findPin(deps, row, spec, channel),
    audience,
    window:
      spec.sendWindow === undefined
        ? null
        : {
            startMinute: minutesOf(spec.sendWindow.start),
            endMinute: minutesOf(spec.sendWindow.end),
            defaultTimezone: spec.sendWindow.defaultTimezone || 'UTC',
          },
    test: testOf(spec),
    variants: made.map(({ variant }) => variant),
    data,
  }
}

const DEFAULT_DECIDE_AFTER_MS = 4 * 3_600_000

function testOf({ abTest }: Campaign): CampaignPlan['test'] {
  if (abTest === undefined) return null
  return {
    percent: abTest.testPercent,
    metric: abTest.metric || AbMetric.MANUAL,
    decideAfterMs:
      abTest.decideAfter === undefined ? DEFAULT_DECIDE_AFTER_MS : durationMs(abTest.decideAfter),
  }
}

async function makeVariant(
  { renderer, subjectOf }: MakePlanDeps,
  projectId: string,
  { content }: CampaignContent,
): Promise<{ channel: MessageChannel; variant: PlanVariant }> {
  if (content.case === undefined) throw new TypeError('The content of a campaign has one case')
  if (content.case === 'template') {
    const { name } = content.value
    const { version, channel } = await renderer.find(projectId, content.value)
    const subject = await subjectOf(projectId, { name, version })
    return { channel, variant: { subject, template: { name, version }, content: null } }
  }
  const { content: json, subject } = inlineContent(content, readCampaignExtras(content))
  const ready = await renderer.render(projectId, JSON.parse(json) as InlineContent)
  return { channel: content.case, variant: { subject, template: null, content: ready } }
}

/** A campaign's mail has an address for answers. Files it has none: a million copies of one are a link. */
function readCampaignExtras(content: CampaignContent['content']): MailExtras | undefined {
  if (content.case !== 'email') return undefined
  const { attachments, replyTo } = content.value
  if (attachments.length > 0) {
    const description = 'a campaign carries no files: link to them'
    throw invalidCampaign([{ field: 'campaign.content.email.attachments', description }])
  }
  if (replyTo === '') return undefined
  const mailbox = parseMailbox(replyTo)
  if (mailbox !== undefined) return { replyTo: formatMailbox(mailbox) }
  throw invalidCampaign([
    { field: 'campaign.content.email.replyTo', description: 'must be one email address' },
  ])
}

/** The account that alone sends it. Throws where nobody could. */
async function findPin(
  { directory }: MakePlanDeps,
  { project_id: projectId, live }: CampaignRow,
  { providerAccountId }: Campaign,
  channel: MessageChannel,
): Promise<string | null> {
  if (channel === 'inbox') return null
  const candidates = await directory.candidates(projectId, live, channel)
  if (candidates.length === 0) {
    throw appError(
      reasons,
      'notify.no_provider',
      `No enabled provider account carries ${live ? 'live' : 'test'} messages of the channel ${channel}. Add one with CreateProviderAccount.`,
    )
  }
  if (providerAccountId === '') return null
  const id = fromTypeId('pac', providerAccountId) ?? ''
  if (candidates.some((candidate) => candidate.providerAccountId === id)) return id
  const description = `is no enabled account that carries ${live ? 'live' : 'test'} messages of the channel ${channel}`
  throw invalidCampaign([{ field: 'campaign.providerAccountId', description }])
}
