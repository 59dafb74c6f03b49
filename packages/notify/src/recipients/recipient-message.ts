import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { toTypeId } from '@mainstay/kernel'
import type { RecipientSchema } from '@mainstay/proto/notify/v1'
import type { EndpointSchema } from '@mainstay/proto/notify/v1/endpoints'
import { channelName } from '../providers/outgoing.ts'
import type { EndpointRow } from './endpoint-store.ts'
import { platformNumber } from './read-recipient.ts'
import type { KnownRecipient } from './service.ts'
import type { RecipientRow } from './store.ts'

/** What is stored of a recipient, as the contract says it. */
export function toRecipient(row: RecipientRow) {
  return {
    recipientId: row.recipient_id,
    email: row.email ?? '',
    displayName: row.display_name ?? '',
    phone: row.phone ?? '',
    locale: row.locale ?? '',
    timezone: row.timezone ?? '',
    attributes: row.attributes as JsonObject,
    createTime: timestampFromDate(row.create_time),
    updateTime: timestampFromDate(row.update_time),
  }
}

export function toWholeRecipient({
  row,
  endpoints,
  topics,
}: KnownRecipient): MessageInitShape<typeof RecipientSchema> {
  return { ...toRecipient(row), endpoints: endpoints.map(toEndpoint), topics }
}

export function toEndpoint(row: EndpointRow): MessageInitShape<typeof EndpointSchema> {
  return {
    endpointId: toTypeId('ept', row.endpoint_id),
    address: addressOf(row),
    platform: platformNumber(row.platform),
    verified: row.verified,
    createTime: timestampFromDate(row.create_time),
    lastSeenTime: timestampFromDate(row.last_seen_time),
    ...(row.dead_time !== null && { deadTime: timestampFromDate(row.dead_time) }),
    deadReason: row.dead_reason ?? '',
  }
}

function addressOf({ channel, address }: EndpointRow) {
  switch (channelName(channel)) {
    case 'email':
      return { case: 'email', value: address } as const
    case 'sms':
      return { case: 'phone', value: address } as const
    case 'push':
      return { case: 'deviceToken', value: address } as const
    default:
      return { case: 'chat', value: address } as const
  }
}
