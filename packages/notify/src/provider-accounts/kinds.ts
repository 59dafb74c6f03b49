import type { MessageInitShape } from '@bufbuild/protobuf'
import { durationFromMs } from '@bufbuild/protobuf/wkt'
import type { ProviderKindSchema } from '@mainstay/proto/notify/v1/provider-kinds'
import { channelNumber } from '../providers/outgoing.ts'
import { type Service, semanticsOf } from '../providers/service.ts'
import { services } from '../providers/services.ts'

/** Every kind of service, by channel and title, as the contract shows it. */
export function listKinds(): MessageInitShape<typeof ProviderKindSchema>[] {
  return [...services.values()].toSorted(inOrder).map(toKind)
}

function inOrder(a: Service, b: Service): number {
  return channelNumber(a.channel) - channelNumber(b.channel) || a.title.localeCompare(b.title)
}

function toKind(service: Service): MessageInitShape<typeof ProviderKindSchema> {
  const { kind, title, channel, documentation, senderHelp, fields } = service
  const semantics = semanticsOf(service)
  return {
    kind,
    title,
    channel: `CHANNEL_${channel.toUpperCase()}`,
    documentationUri: documentation,
    senderHelp,
    fields: Object.entries(fields).map(([name, { label, help, secret, required, choices }]) => ({
      name,
      label,
      help,
      secret,
      required,
      choices: [...(choices ?? [])],
    })),
    ...(semantics.idempotencyWindowMs > 0 && {
      idempotencyWindow: durationFromMs(semantics.idempotencyWindowMs),
    }),
    lookup: semantics.lookup,
    reports: semantics.reports,
    priceUnit: semantics.priceUnit,
    messagesPerSecond: semantics.messagesPerSecond,
  }
}
