import type { MessageInitShape } from '@bufbuild/protobuf'
import { durationFromMs, durationMs, timestampFromMs } from '@bufbuild/protobuf/wkt'
import {
  AbMetric,
  type Campaign,
  type CampaignContent,
  type CampaignContentSchema,
  type CampaignSchema,
} from '@mainstay/proto/notify/v1/campaigns'
import { toMs } from '../../format/time.ts'

export type ContentKind = 'template' | 'email' | 'sms' | 'push'
export type AudienceKind = 'allRecipients' | 'topic' | 'segment' | 'imported'

/** A campaign as it is written on the page. */
export interface CampaignFields {
  displayName: string
  kind: ContentKind
  /** What each variant says; the second one counts where a test is on. */
  template: string
  subject: string
  text: string
  html: string
  templateB: string
  subjectB: string
  textB: string
  audience: AudienceKind
  topic: string
  segment: string
  category: string
  isTest: boolean
  testPercent: string
  metric: AbMetric
  decideHours: string
  /** As a `datetime-local` field has it, in the reader's own timezone; empty: at once. */
  sendTime: string
  perSecond: string
  hasWindow: boolean
  windowStart: string
  windowEnd: string
  timezone: string
}

export const emptyFields: CampaignFields = {
  displayName: '',
  kind: 'email',
  template: '',
  subject: '',
  text: '',
  html: '',
  templateB: '',
  subjectB: '',
  textB: '',
  audience: 'allRecipients',
  topic: '',
  segment: '',
  category: '',
  isTest: false,
  testPercent: '20',
  metric: AbMetric.OPENS,
  decideHours: '4',
  sendTime: '',
  perSecond: '',
  hasWindow: false,
  windowStart: '09:00',
  windowEnd: '20:00',
  timezone: '',
}

/** What a draft says, as the page shows it. */
export function fieldsOf(campaign: Campaign): CampaignFields {
  const [first, second] = campaign.abTest?.variants ?? [campaign.content]
  const said = contentFields(first)
  const other = contentFields(second)
  const { audience, abTest, sendWindow } = campaign
  const sendMs = toMs(campaign.sendTime)
  return {
    ...emptyFields,
    ...said,
    displayName: campaign.displayName,
    templateB: other.template ?? '',
    subjectB: other.subject ?? '',
    textB: other.text ?? '',
    audience: audience?.audience.case ?? 'allRecipients',
    topic: audience?.audience.case === 'topic' ? audience.audience.value : '',
    segment: audience?.audience.case === 'segment' ? audience.audience.value : '',
    category: campaign.category,
    isTest: abTest !== undefined,
    ...(abTest && {
      testPercent: String(abTest.testPercent),
      metric: abTest.metric || AbMetric.MANUAL,
      decideHours: String(abTest.decideAfter ? durationMs(abTest.decideAfter) / 3_600_000 : 4),
    }),
    sendTime: sendMs === undefined ? '' : toLocal(sendMs),
    perSecond: campaign.messagesPerSecond > 0 ? String(campaign.messagesPerSecond) : '',
    hasWindow: sendWindow !== undefined,
    ...(sendWindow && {
      windowStart: sendWindow.start,
      windowEnd: sendWindow.end,
      timezone: sendWindow.defaultTimezone,
    }),
  }
}

function contentFields(content: CampaignContent | undefined): Partial<CampaignFields> {
  switch (content?.content.case) {
    case 'template':
      return { kind: 'template', template: content.content.value.name }
    case 'email': {
      const { subject, text, html } = content.content.value
      return { kind: 'email', subject, text, html }
    }
    case 'sms':
      return { kind: 'sms', text: content.content.value.text }
    case 'push':
      return { kind: 'push', subject: content.content.value.title, text: content.content.value.body }
    default:
      return {}
  }
}

/** The fields as the API takes them; every one of them is named in the mask, so that what was cleared is cleared. */
export function toCampaign(fields: CampaignFields): MessageInitShape<typeof CampaignSchema> {
  const content = toContent(fields, 'A')
  return {
    displayName: fields.displayName.trim(),
    ...(fields.isTest
      ? {
          abTest: {
            variants: [content, toContent(fields, 'B')].filter((one) => one !== undefined),
            testPercent: Number(fields.testPercent),
            metric: fields.metric,
            decideAfter: durationFromMs(Math.round(Number(fields.decideHours) * 3_600_000)),
          },
        }
      : content && { content }),
    audience: { audience: toAudience(fields) },
    category: fields.category.trim(),
    ...(fields.sendTime !== '' && { sendTime: timestampFromMs(new Date(fields.sendTime).getTime()) }),
    messagesPerSecond: Number(fields.perSecond || 0),
    ...(fields.hasWindow && {
      sendWindow: {
        start: fields.windowStart,
        end: fields.windowEnd,
        defaultTimezone: fields.timezone.trim(),
      },
    }),
  }
}

export const MASK = [
  'display_name',
  'content',
  'ab_test',
  'audience',
  'category',
  'send_time',
  'messages_per_second',
  'send_window',
]

function toAudience({ audience, topic, segment }: CampaignFields) {
  if (audience === 'topic') return { case: 'topic', value: topic } as const
  if (audience === 'segment') return { case: 'segment', value: segment } as const
  return { case: audience, value: true } as const
}

/** Undefined while there is nothing to say. */
export function toContent(
  fields: CampaignFields,
  variant: 'A' | 'B',
): MessageInitShape<typeof CampaignContentSchema> | undefined {
  const { kind, html } = fields
  const isB = variant === 'B'
  const template = isB ? fields.templateB : fields.template
  const subject = isB ? fields.subjectB : fields.subject
  // A second subject says the same below it, unless it has a text of its own.
  const text = isB ? fields.textB || fields.text : fields.text
  switch (kind) {
    case 'template':
      return template === '' ? undefined : { content: { case: 'template', value: { name: template } } }
    case 'email':
      if (subject === '' || (text === '' && html === '')) return undefined
      return { content: { case: 'email', value: { subject, text, html } } }
    case 'sms':
      return text === '' ? undefined : { content: { case: 'sms', value: { text } } }
    case 'push':
      return text === '' ? undefined : { content: { case: 'push', value: { title: subject, body: text } } }
  }
}

/** `2026-03-05T09:00`, as the reader's clock has it. */
function toLocal(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
