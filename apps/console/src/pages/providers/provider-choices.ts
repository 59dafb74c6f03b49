import { Channel } from '@mainstay/proto/notify/v1'
import type { ProviderKind } from '@mainstay/proto/notify/v1/provider-kinds'
import { toDurationMs } from '../../format/duration.ts'
import { channelNamed, channelWord } from '../../notify/channels.ts'

/** What one can add: a server of one's own, or an account at a service. */
export interface ProviderChoice {
  /** `smtp`, `http`, or the kind of the service; it stands in the address. */
  slug: string
  title: string
  channel: Channel
  promises: Promises
  documentationUri: string
  /** Undefined for what has a form of its own. */
  service: ProviderKind | undefined
}

export interface Promises {
  /** Undefined: it takes no idempotency key. */
  idempotencyWindowMs: number | undefined
  lookup: boolean
  reports: boolean
  priceUnit: string
  /** 0: it names no limit. */
  messagesPerSecond: number
}

const ownPromises: Promises = {
  idempotencyWindowMs: undefined,
  lookup: false,
  reports: false,
  priceUnit: '',
  messagesPerSecond: 0,
}

const own: ProviderChoice[] = [
  {
    slug: 'smtp',
    title: 'SMTP server',
    channel: Channel.EMAIL,
    promises: ownPromises,
    documentationUri: '',
    service: undefined,
  },
  {
    slug: 'http',
    title: 'HTTP endpoint of your own',
    channel: Channel.UNSPECIFIED,
    promises: { ...ownPromises, idempotencyWindowMs: 30 * 86_400_000 },
    documentationUri: '',
    service: undefined,
  },
]

/** Everything that can be added. */
export function providerChoices(kinds: readonly ProviderKind[]): ProviderChoice[] {
  return [...own, ...kinds.map(toChoice)]
}

function toChoice(kind: ProviderKind): ProviderChoice {
  return {
    slug: kind.kind,
    title: kind.title,
    channel: channelNamed(kind.channel),
    promises: {
      idempotencyWindowMs: toDurationMs(kind.idempotencyWindow),
      lookup: kind.lookup,
      reports: kind.reports,
      priceUnit: kind.priceUnit,
      messagesPerSecond: kind.messagesPerSecond,
    },
    documentationUri: kind.documentationUri,
    service: kind,
  }
}

/** Those whose name or channel has the text, by channel in the contract's order; what serves every channel comes last. */
export function groupChoices(
  choices: readonly ProviderChoice[],
  text: string,
): { title: string; choices: ProviderChoice[] }[] {
  const words = text.toLowerCase().split(/\s+/)
  const found = choices.filter((choice) => {
    const hay = `${choice.title} ${choice.slug} ${groupTitle(choice.channel)}`.toLowerCase()
    return words.every((word) => hay.includes(word))
  })
  const byChannel = Map.groupBy(found, (choice) => choice.channel)
  return [...byChannel]
    .sort(([a], [b]) => (a || Number.POSITIVE_INFINITY) - (b || Number.POSITIVE_INFINITY))
    .map(([channel, group]) => ({ title: groupTitle(channel), choices: group }))
}

function groupTitle(channel: Channel): string {
  return channel === Channel.UNSPECIFIED ? 'Every channel' : channelWord(channel)
}
