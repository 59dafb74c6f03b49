import { timestampMs } from '@bufbuild/protobuf/wkt'
import { type AppError, appError, fromTypeId, idTimeMs } from '@mainstay/kernel'
import type { Channel, MessageClass, MessageFilter, MessageState } from '@mainstay/proto/notify/v1'
import { reasons } from '../errors.ts'
import { type MessageRow, stateOf } from './row.ts'

/** Which messages are meant; undefined and empty fields match all. */
export interface Filter {
  states: readonly MessageState[]
  classes: readonly MessageClass[]
  channels: readonly Channel[]
  /** Lower case. */
  to: string | undefined
  recipientId: string | undefined
  template: string | undefined
  /** Stored at or after, in milliseconds since 1970. */
  fromMs: number | undefined
  /** Stored before. */
  toMs: number | undefined
  /** uuid */
  providerAccountId: string | undefined
  /** uuid */
  campaignId: string | undefined
  /** True: live messages, false: test messages. */
  live: boolean | undefined
}

/** Reads the contract's filter. Throws `notify.request_invalid` for what cannot be stored, and so cannot be found. */
export function readFilter(filter: MessageFilter | undefined): Filter {
  for (const field of ['to', 'recipientId', 'template'] as const) {
    if (filter?.[field].includes('\0')) throw invalid(field, 'must not hold the character U+0000')
  }
  const { createTimeAfter, createTimeBefore, providerAccountId, campaignId } = filter ?? {}
  return {
    states: [...new Set(filter?.states.filter((state) => state !== 0))],
    classes: [...new Set(filter?.messageClasses.filter((messageClass) => messageClass !== 0))],
    channels: [...new Set(filter?.channels.filter((channel) => channel !== 0))],
    to: lowerCase(filter?.to ?? '') || undefined,
    recipientId: filter?.recipientId || undefined,
    template: filter?.template || undefined,
    fromMs: createTimeAfter && timestampMs(createTimeAfter),
    toMs: createTimeBefore && timestampMs(createTimeBefore),
    providerAccountId: providerAccountId
      ? requireUuid('pac', 'providerAccountId', providerAccountId)
      : undefined,
    campaignId: campaignId ? requireUuid('cmp', 'campaignId', campaignId) : undefined,
    live: filter?.live,
  }
}

function requireUuid(prefix: string, field: string, text: string): string {
  const uuid = fromTypeId(prefix, text)
  if (uuid === undefined) throw invalid(field, `must look like ${prefix}_… with 26 characters`)
  return uuid
}

function invalid(field: string, description: string): AppError {
  return appError(reasons, 'notify.request_invalid', `The filter is not valid. ${field}: ${description}`, {
    violations: [{ field: `filter.${field}`, description }],
  })
}

/** The same as `lower(to_address)` in the database, whose collation there is "C": ASCII letters only. */
export function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** Whether a message is meant: the same as the list's SQL, for rows that were read by id. */
export function matches(filter: Filter, row: MessageRow, nowMs: number): boolean {
  const { states, classes, channels, to, recipientId, template, fromMs, toMs } = filter
  const { providerAccountId, campaignId, live } = filter
  const createMs = idTimeMs(row.message_id)
  return (
    (states.length === 0 || states.includes(stateOf(row, nowMs))) &&
    (classes.length === 0 || classes.includes(row.class)) &&
    (channels.length === 0 || channels.includes(row.channel)) &&
    (live === undefined || row.live === live) &&
    (to === undefined || lowerCase(row.to_address) === to) &&
    (recipientId === undefined || row.recipient_id === recipientId) &&
    (template === undefined || row.template_name === template) &&
    (campaignId === undefined || row.campaign_id === campaignId) &&
    (fromMs === undefined || createMs >= fromMs) &&
    (toMs === undefined || createMs < toMs) &&
    (providerAccountId === undefined ||
      (row.queue_account_id ?? row.provider_account_id) === providerAccountId)
  )
}
