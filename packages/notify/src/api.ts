import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { type Clock, type Db, idTimeMs, toTypeId } from '@mainstay/kernel'
import { Notify } from '@mainstay/proto/notify/v1'
import { type Handlers, type Implementation, implement } from '@mainstay/rpc'
import type { createMarkMessageSeen } from './messages/mark-seen.ts'
import { toMessage } from './messages/row.ts'
import type { Messages } from './messages/service.ts'
import { readStats } from './messages/stats.ts'
import type { Watch } from './watch/watch.ts'

type NotifyHandlers = Handlers<typeof Notify>

/** The methods of the ledger itself; those of templates, recipients, provider accounts and the mailbox come ready-made. */
type LedgerMethod =
  | 'sendNotification'
  | 'getNotification'
  | 'getMessage'
  | 'listMessages'
  | 'getTimeline'
  | 'getMessageStats'
  | 'cancelMessage'
  | 'resolveMessage'
  | 'watchMessages'
  | 'markMessageSeen'

export interface ApiDeps {
  db: Db
  clock: Clock
  send: NotifyHandlers['sendNotification']
  messages: Messages
  markMessageSeen: ReturnType<typeof createMarkMessageSeen>
  watch: Watch
  others: Omit<NotifyHandlers, LedgerMethod>
}

/** The Notify service: messages in, service calls, messages out. */
export function implementNotify({
  db,
  clock,
  send,
  messages,
  markMessageSeen,
  watch,
  others,
}: ApiDeps): Implementation {
  const handlers: NotifyHandlers = {
    ...others,
    sendNotification: send,
    watchMessages: (request, ctx) => watch.stream(request, ctx),

    async getNotification(request, ctx) {
      const { notificationId, messageIds } = await messages.getNotification(ctx, request.notificationId)
      return {
        notificationId: toTypeId('ntf', notificationId),
        messageIds: messageIds.map((id) => toTypeId('msg', id)),
        createTime: timestampFromMs(idTimeMs(notificationId)),
      }
    },
    async getMessage({ messageId }, ctx) {
      return toMessage(await messages.get(ctx, messageId), clock.nowMs())
    },
    async listMessages(request, ctx) {
      const { rows, nextPageToken } = await messages.list(ctx, request)
      return { messages: rows.map((row) => toMessage(row, clock.nowMs())), nextPageToken }
    },
    async getTimeline({ messageId }, ctx) {
      const { message, entries } = await messages.timeline(ctx, messageId)
      return { message: toMessage(message, clock.nowMs()), entries }
    },
    async cancelMessage(request, ctx) {
      return toMessage(await messages.cancel(ctx, request), clock.nowMs())
    },
    async resolveMessage(request, ctx) {
      return toMessage(await messages.resolve(ctx, request), clock.nowMs())
    },
    async markMessageSeen(request, ctx) {
      return toMessage(await markMessageSeen(ctx, request), clock.nowMs())
    },
    getMessageStats: (request, { projectId }) => readStats(db, projectId, request, clock.nowMs()),
  }
  return implement(Notify, handlers, { ownsIdempotency: ['sendNotification'] })
}
