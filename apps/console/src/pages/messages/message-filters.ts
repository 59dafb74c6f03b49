import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import type {
  Channel,
  Message,
  MessageClass,
  MessageFilterSchema,
  MessageState,
} from '@mainstay/proto/notify/v1'
import { toMs } from '../../format/time.ts'
import { channels } from '../../notify/channels.ts'
import { messageClasses, messageStates } from '../../notify/message-states.ts'

/** The filters of the list, as the address holds them. */
export interface MessageFilters {
  states: MessageState[]
  classes: MessageClass[]
  channels: Channel[]
  to: string
  recipient: string
  template: string
  provider: string
  campaign: string
  /** Milliseconds since the epoch. */
  after: number | undefined
  before: number | undefined
}

export type TextFilter = 'to' | 'recipient' | 'template' | 'provider' | 'campaign'

/** Reads the filters from the address; what it does not know it leaves out. */
export function readFilters(search: URLSearchParams): MessageFilters {
  return {
    states: known(search.getAll('state'), messageStates),
    classes: known(search.getAll('class'), messageClasses),
    channels: known(search.getAll('channel'), channels),
    to: search.get('to') ?? '',
    recipient: search.get('recipient') ?? '',
    template: search.get('template') ?? '',
    provider: search.get('provider') ?? '',
    campaign: search.get('campaign') ?? '',
    after: readTime(search.get('after')),
    before: readTime(search.get('before')),
  }
}

/** Writes the filters into an address and leaves everything else in it as it is. */
export function writeFilters(search: URLSearchParams, filters: MessageFilters): URLSearchParams {
  const next = new URLSearchParams(search)
  for (const name of [
    'state',
    'class',
    'channel',
    'to',
    'recipient',
    'template',
    'provider',
    'campaign',
    'after',
    'before',
  ])
    next.delete(name)
  for (const state of filters.states) next.append('state', messageStates.get(state)?.slug ?? '')
  for (const messageClass of filters.classes)
    next.append('class', messageClasses.get(messageClass)?.slug ?? '')
  for (const channel of filters.channels) next.append('channel', channels.get(channel)?.slug ?? '')
  for (const name of ['to', 'recipient', 'template', 'provider', 'campaign'] as const)
    if (filters[name]) next.set(name, filters[name])
  for (const name of ['after', 'before'] as const) {
    const ms = filters[name]
    if (ms !== undefined) next.set(name, new Date(ms).toISOString())
  }
  return next
}

export const noFilters: MessageFilters = readFilters(new URLSearchParams())

export function hasFilters(filters: MessageFilters): boolean {
  return writeFilters(new URLSearchParams(), filters).size > 0
}

/** The filters as the API takes them, for one mode. `withStates: false` is for watching: see `belongs`. */
export function toApiFilter(
  filters: MessageFilters,
  { withStates, live }: { withStates: boolean; live: boolean },
): MessageInitShape<typeof MessageFilterSchema> {
  return {
    live,
    states: withStates ? filters.states : [],
    messageClasses: filters.classes,
    channels: filters.channels,
    to: filters.to,
    recipientId: filters.recipient,
    template: filters.template,
    campaignId: filters.campaign,
    providerAccountId: withStates ? filters.provider : '',
    ...(filters.after !== undefined && { createTimeAfter: timestampFromMs(filters.after) }),
    ...(filters.before !== undefined && { createTimeBefore: timestampFromMs(filters.before) }),
  }
}

/**
 * Whether a message, as it is now, is in the list. The watch leaves out what can change in a message's life (its state
 * and its provider), so that a row that stops matching is heard of and leaves.
 */
export function belongs(message: Message, filters: MessageFilters, live: boolean): boolean {
  if (message.live !== live) return false
  if (filters.states.length > 0 && !filters.states.includes(message.state)) return false
  if (filters.provider !== '' && message.providerAccountId !== filters.provider) return false
  const created = toMs(message.createTime) ?? 0
  return (
    (filters.after === undefined || created >= filters.after) &&
    (filters.before === undefined || created < filters.before)
  )
}

function known<K>(slugs: string[], table: ReadonlyMap<K, { slug: string }>): K[] {
  return [...table].filter(([, { slug }]) => slugs.includes(slug)).map(([key]) => key)
}

function readTime(text: string | null): number | undefined {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? undefined : ms
}
