import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import type { RecipientTokens } from '@mainstay/access'
import type { Clock } from '@mainstay/kernel'
import { Inbox } from '@mainstay/proto/notify/v1/inbox'
import { type Handlers, type Implementation, implement } from '@mainstay/rpc'
import { toCounts, toItem } from './item.ts'
import { type Inboxes, inboxOf } from './service.ts'
import type { createWatch } from './watch.ts'

export interface InboxApiDeps {
  clock: Clock
  inboxes: Inboxes
  watch: ReturnType<typeof createWatch>
  /** Aborts when the program stops. */
  stopping: AbortSignal
  tokens: Pick<RecipientTokens, 'mint'>
}

const DEFAULT_TTL_MS = 3_600_000

/** The Inbox service: messages in, service calls, messages out. */
export function implementInbox({ clock, inboxes, watch, stopping, tokens }: InboxApiDeps): Implementation {
  const handlers: Handlers<typeof Inbox> = {
    createInboxToken({ recipientId, ttl }, ctx) {
      const { projectId, live } = inboxOf(ctx, recipientId)
      const ttlMs = ttl === undefined ? DEFAULT_TTL_MS : Number(ttl.seconds) * 1000 + ttl.nanos / 1e6
      const expireTime = new Date(clock.nowMs() + ttlMs)
      return {
        token: tokens.mint({ projectId, live, recipientId, expireTime }),
        expireTime: timestampFromDate(expireTime),
      }
    },
    async listInboxItems(request, ctx) {
      const { rows, nextPageToken, counts, resumeToken } = await inboxes.list(ctx, request)
      return { items: rows.map(toItem), nextPageToken, counts: toCounts(counts), resumeToken }
    },
    async getInboxCounts({ recipientId }, ctx) {
      return toCounts(await inboxes.counts(ctx, recipientId))
    },
    watchInbox({ recipientId, resumeToken }, ctx) {
      const signal = AbortSignal.any([ctx.signal, stopping])
      return watch(inboxOf(ctx, recipientId), resumeToken, { signal })
    },
    async markInboxItems(request, ctx) {
      const marked = await inboxes.mark(ctx, request)
      return { changedCount: marked.changed, counts: toCounts(marked) }
    },
    async deleteInboxItem(request, ctx) {
      return { counts: toCounts(await inboxes.remove(ctx, request)) }
    },
  }
  return implement(Inbox, handlers)
}
