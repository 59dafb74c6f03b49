import { create, fromJson, type JsonValue, toJson } from '@bufbuild/protobuf'
import { timestampMs } from '@bufbuild/protobuf/wkt'
import { type AppError, appError, type FieldViolation, fromTypeId } from '@mainstay/kernel'
import {
  type Campaign,
  type CampaignAudience,
  type CampaignContent,
  CampaignSchema,
} from '@mainstay/proto/notify/v1/campaigns'
import { reasons } from '../errors.ts'
import type { Audience } from './plan.ts'
import { isTimezone } from './send-window.ts'

/** The fields that people write, by the names that masks have. */
export const SPEC_FIELDS = {
  display_name: 'displayName',
  content: 'content',
  data: 'data',
  audience: 'audience',
  category: 'category',
  provider_account_id: 'providerAccountId',
  send_time: 'sendTime',
  messages_per_second: 'messagesPerSecond',
  send_window: 'sendWindow',
  ab_test: 'abTest',
  ttl: 'ttl',
} as const satisfies Record<string, keyof Campaign>

type SpecField = (typeof SPEC_FIELDS)[keyof typeof SPEC_FIELDS]

const DAY_MS = 86_400_000

/** What people wrote of a campaign, without what the server sets. */
export function specOf(campaign: Campaign): Campaign {
  const fields = Object.values(SPEC_FIELDS).map((field) => [field, campaign[field]])
  return create(CampaignSchema, Object.fromEntries(fields))
}

export function writeSpec(spec: Campaign): JsonValue {
  return toJson(CampaignSchema, spec)
}

export function readSpec(json: JsonValue): Campaign {
  return fromJson(CampaignSchema, json, { ignoreUnknownFields: true })
}

/** Applies the fields that a mask names (AIP-134); without a mask, every field that is set. Unknown ones are refused. */
export function applyMask(
  current: Campaign,
  wanted: Campaign,
  mask: readonly string[] | undefined,
): { spec: Campaign; changed: SpecField[] } {
  const unknown = mask?.filter((path) => !Object.hasOwn(SPEC_FIELDS, path)) ?? []
  if (unknown.length > 0) {
    throw invalidCampaign(
      unknown.map((path) => ({
        field: 'updateMask',
        description: `\`${path}\` is no field that can be changed`,
      })),
    )
  }
  const changed = Object.entries(SPEC_FIELDS).flatMap(([path, field]) =>
    (mask === undefined ? isSet(wanted[field]) : mask.includes(path)) ? [field] : [],
  )
  const values = Object.fromEntries(changed.map((field) => [field, wanted[field]]))
  return { spec: create(CampaignSchema, { ...specOf(current), ...values } as Campaign), changed }
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== '' && value !== 0
}

/** What the contract's own rules do not know. A draft may lack what its start needs. */
export function checkSpec(spec: Campaign, nowMs: number): void {
  const violations: FieldViolation[] = []
  const refuse = (field: string, description: string): void =>
    void violations.push({ field: `campaign.${field}`, description })
  if (spec.displayName.trim() === '') refuse('displayName', 'must be set')
  const { sendWindow, abTest, sendTime } = spec
  if (sendWindow !== undefined && sendWindow.start === sendWindow.end) {
    refuse('sendWindow.end', 'must not be the same as start')
  }
  if (
    sendWindow !== undefined &&
    sendWindow.defaultTimezone !== '' &&
    !isTimezone(sendWindow.defaultTimezone)
  ) {
    refuse('sendWindow.defaultTimezone', 'must be a timezone of the IANA database, such as Europe/Berlin')
  }
  if (sendTime !== undefined && timestampMs(sendTime) > nowMs + 365 * DAY_MS) {
    refuse('sendTime', 'must be at most 365 days ahead')
  }
  if (spec.providerAccountId !== '' && fromTypeId('pac', spec.providerAccountId) === undefined) {
    refuse('providerAccountId', 'must look like pac_… with 26 characters')
  }
  const channels = new Set(abTest?.variants.flatMap((variant) => inlineChannel(variant) ?? []))
  if (channels.size > 1) refuse('abTest.variants', 'must all be of one channel')
  if (JSON.stringify(writeSpec(spec)).includes('\\u0000')) {
    violations.push({ field: 'campaign', description: 'must not hold the character U+0000' })
  }
  if (violations.length > 0) throw invalidCampaign(violations)
}

/** The channel of inline content; a template's is known when it is looked up. */
export function inlineChannel({ content }: CampaignContent) {
  return content.case === 'template' ? undefined : content.case
}

export function audienceOf(audience: CampaignAudience | undefined): Audience | undefined {
  switch (audience?.audience.case) {
    case 'topic':
      return { kind: 'topic', topic: audience.audience.value }
    case 'segment':
      return { kind: 'segment', segment: audience.audience.value }
    case 'allRecipients':
      return { kind: 'all' }
    case 'imported':
      return { kind: 'imported' }
    default:
      return undefined
  }
}

export function invalidCampaign(violations: readonly FieldViolation[]): AppError {
  const [first] = violations
  const told = first === undefined ? '' : ` ${first.field}: ${first.description}`
  return appError(reasons, 'notify.request_invalid', `The campaign is not valid.${told}`, { violations })
}
