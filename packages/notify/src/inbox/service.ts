import { timestampMs } from '@bufbuild/protobuf/wkt'
import { idempotencySpace, requireOwnRecipient } from '@mainstay/access'
import {
  appError,
  type Clock,
  type Db,
  fromTypeId,
  idTimeMs,
  minIdAt,
  newId,
  type PageTokens,
  pageLimit,
  type Tx,
} from '@mainstay/kernel'
import {
  type DeleteInboxItemRequest,
  InboxView,
  type ListInboxItemsRequest,
  type MarkInboxItemsRequest,
} from '@mainstay/proto/notify/v1/inbox'
import type { CallContext } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import { markSeen } from '../messages/seen-store.ts'
import type { InboxKey } from './key.ts'
import { type Action, deleteItems, type Marked, markItems, type Which } from './mark-store.ts'
import { toResumeToken } from './position.ts'
import { type Counts, findInbox, type ItemRow, listItems, type View } from './store.ts'

export interface InboxesDeps {
  db: Db
  clock: Clock
  pageTokens: PageTokens
  /** Called after a commit that changed an inbox. */
  onChanged(key: InboxKey): void
}

export interface ItemPage {
  rows: ItemRow[]
  nextPageToken: string
  counts: Counts
  resumeToken: string
}

/** What is done with inboxes, but for delivering to them and watching them. */
export interface Inboxes {
  list(ctx: CallContext, request: ListInboxItemsRequest): Promise<ItemPage>
  counts(ctx: CallContext, recipientId: string): Promise<Counts>
  mark(ctx: CallContext, request: MarkInboxItemsRequest): Promise<Marked>
  remove(ctx: CallContext, request: DeleteInboxItemRequest): Promise<Counts>
}

export function createInboxes({ db, clock, pageTokens, onChanged }: InboxesDeps): Inboxes {
  /** In the transaction of the idempotency key, where the call has one. Those who watch are told after the commit. */
  const within = <T>(ctx: CallContext, key: InboxKey, fn: (tx: Tx) => Promise<T>): Promise<T> => {
    const run = async (tx: Tx): Promise<T> => {
      const result = await fn(tx)
      tx.afterCommit(() => onChanged(key))
      return result
    }
    return ctx.tx === undefined ? db.transaction(run) : run(ctx.tx)
  }

  /** What a person saw in their inbox, its message was seen: fallbacks to other channels need not follow. */
  async function tellSeen(tx: Tx, { projectId }: InboxKey, messageIds: readonly string[]): Promise<void> {
    for (let at = 0; at < messageIds.length; at += SEEN_AT_ONCE) {
      const marks = messageIds.slice(at, at + SEEN_AT_ONCE).map((messageId) => ({
        ...{ projectId, messageId, timeMs: clock.nowMs(), clicked: false, noteId: newId(clock) },
        ...{ actor: 'recipient', detail: 'It was shown in the inbox.' },
      }))
      await markSeen(tx, marks)
    }
  }

  return {
    async list(ctx, { recipientId, pageSize, pageToken, view, category, groupKey }) {
      const key = inboxOf(ctx, recipientId)
      const filter = { ...key, view: VIEWS[view], category, groupKey }
      const scope = { method: ctx.method, projectId: ctx.projectId, filter }
      const [beforeId] = (pageTokens.read(scope, pageToken) ?? []) as [string?]
      const limit = pageLimit(pageSize)
      // Before the items: what changes in between is in the list already, and told again to whoever watches from here on.
      const inbox = await findInbox(db, key)
      const found = await listItems(db, key, { ...filter, beforeId, limit: limit + 1 })
      const resumeToken = toResumeToken({ changeSeq: inbox.changeSeq, timeMs: clock.nowMs() })
      return {
        ...pageTokens.cut(scope, found, limit, (last) => [last.item_id]),
        ...{ counts: inbox, resumeToken },
      }
    },
    counts: (ctx, recipientId) => findInbox(db, inboxOf(ctx, recipientId)),
    async mark(ctx, request) {
      const key = inboxOf(ctx, request.recipientId)
      const which = readWhich(request, clock)
      const action = request.action as Action
      return await within(ctx, key, async (tx) => {
        const marked = await markItems(tx, key, action, which, clock.now())
        await tellSeen(tx, key, marked.firstSeen)
        return marked
      })
    },
    async remove(ctx, { recipientId, itemId }) {
      const key = inboxOf(ctx, recipientId)
      const uuid = fromTypeId('itm', itemId)
      if (uuid === undefined) return await findInbox(db, key)
      return await within(ctx, key, (tx) => deleteItems(tx, key, [uuid], clock.now()))
    },
  }
}

const SEEN_AT_ONCE = 1000

const VIEWS: Readonly<Record<InboxView, View>> = {
  [InboxView.UNSPECIFIED]: 'current',
  [InboxView.CURRENT]: 'current',
  [InboxView.UNREAD]: 'unread',
  [InboxView.ARCHIVED]: 'archived',
  [InboxView.EVERYTHING]: 'everything',
}

/** The inbox that a call is about: a recipient's own, whatever else they ask for. */
export function inboxOf(ctx: CallContext, recipientId: string): InboxKey {
  const ownerId = requireOwnRecipient(ctx.caller, recipientId)
  if (ownerId === '') {
    const violations = [
      { field: 'recipientId', description: 'must be set: an API key speaks for no recipient' },
    ]
    throw appError(reasons, 'notify.request_invalid', 'Say whose inbox: set recipientId.', { violations })
  }
  return { ...idempotencySpace(ctx), recipientId: ownerId }
}

function readWhich(request: MarkInboxItemsRequest, clock: Clock): Which {
  const { action, all, itemIds, untilTime, category, groupKey } = request
  if (!all) {
    if (untilTime !== undefined || category !== '' || groupKey !== '') {
      const description = 'must be unset: ids say which items already'
      const field = untilTime !== undefined ? 'untilTime' : category !== '' ? 'category' : 'groupKey'
      throw appError(
        reasons,
        'notify.request_invalid',
        `The request is not valid. ${field}: ${description}`,
        {
          violations: [{ field, description }],
        },
      )
    }
    return { itemIds: [...new Set(itemIds)].flatMap((id) => fromTypeId('itm', id) ?? []) }
  }
  // An id made now: another process's clock may be a little ahead, and what it delivers meanwhile is too new all the same.
  const untilMs = untilTime === undefined ? idTimeMs(newId(clock)) : Math.floor(timestampMs(untilTime))
  const sweep = JSON.stringify({ action, untilMs, category, groupKey })
  return { beforeId: minIdAt(Math.max(0, Math.min(untilMs + 1, MAX_ID_MS))), category, groupKey, sweep }
}

/** The last moment that an id can hold. */
const MAX_ID_MS = 2 ** 48 - 1
