import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate, timestampFromMs } from '@bufbuild/protobuf/wkt'
import { idTimeMs, toTypeId } from '@mainstay/kernel'
import type { InboxCountsSchema, InboxItemSchema } from '@mainstay/proto/notify/v1/inbox'
import type { Counts, ItemRow } from './store.ts'

export function toItemId(itemId: string): string {
  return toTypeId('itm', itemId)
}

/** The contract's item. */
export function toItem(row: ItemRow): MessageInitShape<typeof InboxItemSchema> {
  const { title, body, actionUrl, actionLabel, imageUrl, icon, severity, data } = row.content
  return {
    itemId: toItemId(row.item_id),
    messageId: toTypeId('msg', row.message_id),
    title,
    body: body ?? '',
    actionUrl: actionUrl ?? '',
    actionLabel: actionLabel ?? '',
    imageUrl: imageUrl ?? '',
    icon: icon ?? '',
    severity,
    ...(data !== undefined && { data }),
    groupKey: row.group_key ?? '',
    category: row.category ?? '',
    createTime: timestampFromMs(idTimeMs(row.item_id)),
    ...(row.seen_time !== null && { seenTime: timestampFromDate(row.seen_time) }),
    ...(row.read_time !== null && { readTime: timestampFromDate(row.read_time) }),
    ...(row.archive_time !== null && { archiveTime: timestampFromDate(row.archive_time) }),
  }
}

export function toCounts({ unread, unseen, current }: Counts): MessageInitShape<typeof InboxCountsSchema> {
  return { unreadCount: unread, unseenCount: unseen, currentCount: current }
}
