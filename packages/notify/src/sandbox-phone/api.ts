import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import {
  appError,
  type Db,
  fromTypeId,
  idTimeMs,
  type PageTokens,
  pageLimit,
  toTypeId,
} from '@mainstay/kernel'
import { Channel, type Notify } from '@mainstay/proto/notify/v1'
import type { ListSandboxItemsRequest, SandboxItemSchema } from '@mainstay/proto/notify/v1/sandbox'
import type { Handlers } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import { deleteItems, listItems, type SandboxRow } from './store.ts'

/** The sandbox phone's methods of the contract. They have no rules of their own: two hops are enough. */
export function sandboxPhoneHandlers(
  db: Db,
  pageTokens: PageTokens,
): Pick<Handlers<typeof Notify>, 'listSandboxItems' | 'clearSandboxItems'> {
  return {
    async listSandboxItems(request, { projectId, method }) {
      const filter = readFilter(request)
      const scope = { method, projectId, filter }
      const [beforeId] = (pageTokens.read(scope, request.pageToken) ?? []) as [string?]
      const limit = pageLimit(request.pageSize)
      const found = await listItems(db, projectId, { ...filter, beforeId, limit: limit + 1 })
      const { rows, nextPageToken } = pageTokens.cut(scope, found, limit, (last) => [last.item_id])
      return { items: rows.map(toItem), nextPageToken }
    },
    async clearSandboxItems(_, { projectId, tx }) {
      return { removedCount: await deleteItems(tx ?? db, projectId) }
    },
  }
}

function readFilter({ channels, text, messageId }: ListSandboxItemsRequest) {
  if (text.includes('\0')) {
    const description = 'must not hold the character U+0000'
    throw appError(reasons, 'notify.request_invalid', `The search is not valid. text: ${description}`, {
      violations: [{ field: 'text', description }],
    })
  }
  return {
    channels: [...new Set(channels)].map(
      (name) => Channel[name.slice('CHANNEL_'.length) as keyof typeof Channel],
    ),
    text,
    messageId: messageId === '' ? undefined : fromTypeId('msg', messageId),
  }
}

function toItem(row: SandboxRow): MessageInitShape<typeof SandboxItemSchema> {
  return {
    itemId: toTypeId('sbx', row.item_id),
    messageId: toTypeId('msg', row.message_id),
    channel: `CHANNEL_${Channel[row.channel]}`,
    from: row.from_address,
    to: row.to_address,
    title: row.title,
    body: row.body,
    detail: row.detail as JsonObject,
    receiveTime: timestampFromMs(idTimeMs(row.item_id)),
  }
}
