import {
  type AppError,
  appError,
  type Clock,
  type Db,
  type Executor,
  fromTypeId,
  newId,
  type PagePosition,
  type PageTokens,
  pageLimit,
} from '@mainstay/kernel'
import {
  type CancelMessageRequest,
  type ListMessagesRequest,
  MessageState,
  Resolution,
  type ResolveMessageRequest,
} from '@mainstay/proto/notify/v1'
import type { CallContext } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import { requireMode } from '../test-mode.ts'
import { cancelQueued, type Decision, requeueUnknown, settleUnknown } from './decide-store.ts'
import { readFilter } from './filter.ts'
import { listMessages, type Order } from './list.ts'
import { type RequestDeps, viewRequests } from './requests.ts'
import { type MessageRow, stateOf } from './row.ts'
import { findMessage, findMessagesOf } from './store.ts'
import { tellTimeline } from './timeline.ts'
import { findAccountNames, findOrigin, listAttempts, listNotes } from './timeline-store.ts'

export interface MessagesDeps {
  db: Db
  clock: Clock
  pageTokens: PageTokens
  /** Called once a message is in the queue again, or out of it. */
  wake: () => void
  /** How what providers were asked is shown. Absent: it is not. */
  requests?: RequestDeps
}

/** Reading messages, and stepping in. */
export function createMessages({ db, clock, pageTokens, wake, requests }: MessagesDeps) {
  async function get(ctx: CallContext, messageId: string): Promise<MessageRow> {
    const uuid = fromTypeId('msg', messageId)
    const row = uuid === undefined ? undefined : await findMessage(ctx.tx ?? db, ctx.projectId, uuid)
    if (row === undefined) throw notFound(messageId)
    return row
  }

  async function getChangeable(ctx: CallContext, messageId: string): Promise<MessageRow> {
    const row = await get(ctx, messageId)
    requireMode(ctx.caller, row.live, 'This message is live: use a live key, or live mode in the console.')
    return row
  }

  /** Runs one decision, and reads what the message is then. */
  async function decide(
    ctx: CallContext,
    messageId: string,
    act: (executor: Executor, decision: Decision) => Promise<boolean>,
  ): Promise<{ done: boolean; row: MessageRow }> {
    const { message_id: uuid } = await getChangeable(ctx, messageId)
    const { projectId, tx, caller } = ctx
    const nowMs = clock.nowMs()
    const decision = { projectId, messageId: uuid, nowMs, noteId: newId(clock), actor: caller.id }
    const done = await act(tx ?? db, decision)
    if (done && tx === undefined) wake()
    if (done) tx?.afterCommit(wake)
    return { done, row: await get(ctx, messageId) }
  }

  return {
    get,

    /** The message, to a caller who may change it. Throws also `notify.mode_not_allowed`. */
    getChangeable,

    async list(ctx: CallContext, { pageSize, pageToken, filter: asked, orderBy }: ListMessagesRequest) {
      const order: Order = orderBy === 'create_time' ? 'oldest' : 'newest'
      const filter = readFilter(asked)
      const scope = { method: ctx.method, projectId: ctx.projectId, filter: { ...filter, order } }
      const limit = pageLimit(pageSize)
      const rows = await listMessages(db, {
        projectId: ctx.projectId,
        filter,
        order,
        after: positionOf(pageTokens.read(scope, pageToken)),
        limit: limit + 1,
        nowMs: clock.nowMs(),
      })
      return pageTokens.cut(scope, rows, limit, (last) => [last.message_id])
    },

    /** The message and everything that happened to it, oldest first. */
    async timeline(ctx: CallContext, messageId: string) {
      const message = await get(ctx, messageId)
      const { projectId } = ctx
      const [origin, attempts, notes] = await Promise.all([
        findOrigin(db, projectId, message.notification_id),
        listAttempts(db, projectId, message.message_id),
        listNotes(db, projectId, message.message_id),
      ])
      const accountIds = new Set(attempts.map((attempt) => attempt.provider_account_id))
      for (const { routing } of attempts) {
        for (const { account } of routing?.rejected ?? []) accountIds.add(account)
      }
      if (message.queue_account_id !== null) accountIds.add(message.queue_account_id)
      const accountNames = await findAccountNames(db, projectId, [...accountIds])
      const asked = new Set(attempts.map((attempt) => attempt.provider_account_id))
      const views = requests && (await viewRequests(requests, message, origin?.content, asked))
      const history = {
        ...{ message, origin, attempts, notes, accountNames, nowMs: clock.nowMs() },
        ...(views && { requests: views }),
      }
      return { message, entries: tellTimeline(history) }
    },

    async getNotification(ctx: CallContext, notificationId: string) {
      const uuid = fromTypeId('ntf', notificationId)
      const messageIds = uuid === undefined ? undefined : await findMessagesOf(db, ctx.projectId, uuid)
      if (uuid === undefined || messageIds === undefined) {
        throw appError(
          reasons,
          'notify.notification_not_found',
          `There is no notification ${notificationId} in this project.`,
        )
      }
      return { notificationId: uuid, messageIds }
    },

    async cancel(ctx: CallContext, { messageId }: CancelMessageRequest): Promise<MessageRow> {
      const { done, row } = await decide(ctx, messageId, cancelQueued)
      if (done || row.state === MessageState.CANCELLED) return row
      throw appError(
        reasons,
        'notify.message_not_cancellable',
        `Only a message that still waits can be cancelled; this one ${predicate(stateOf(row, clock.nowMs()))}.`,
        { metadata: { state: MessageState[stateOf(row, clock.nowMs())] } },
      )
    },

    async resolve(ctx: CallContext, { messageId, resolution }: ResolveMessageRequest): Promise<MessageRow> {
      const { done, row } = await decide(ctx, messageId, (executor, decision) => {
        if (resolution === Resolution.RESEND) return requeueUnknown(executor, decision)
        const state = resolution === Resolution.SENT ? MessageState.SENT : MessageState.FAILED
        return settleUnknown(executor, decision, state)
      })
      if (done) return row
      throw appError(
        reasons,
        'notify.message_not_unknown',
        `Only a message whose outcome is unknown can be decided; this one ${predicate(stateOf(row, clock.nowMs()))}.`,
        { metadata: { state: MessageState[stateOf(row, clock.nowMs())] } },
      )
    },
  }
}

export type Messages = ReturnType<typeof createMessages>

function positionOf(position: PagePosition | undefined): string | undefined {
  return position === undefined ? undefined : String(position[0])
}

function notFound(messageId: string): AppError {
  return appError(
    reasons,
    'notify.message_not_found',
    `There is no message ${messageId} in this project. Messages leave the ledger when their retention ends.`,
  )
}

function predicate(state: MessageState): string {
  return PREDICATES[state] ?? `is ${MessageState[state].toLowerCase()}`
}

const PREDICATES: Partial<Record<MessageState, string>> = {
  [MessageState.ACCEPTED]: 'has just left the queue',
  [MessageState.SCHEDULED]: 'waits for its send time',
  [MessageState.QUEUED]: 'waits to be sent',
  [MessageState.SENDING]: 'is being handed to a provider',
  [MessageState.SENT]: 'was sent',
  [MessageState.DELIVERED]: 'was delivered',
  [MessageState.BOUNCED]: 'was sent and came back',
  [MessageState.COMPLAINED]: 'was delivered and called spam',
  [MessageState.EXPIRED]: 'expired before it was sent',
  [MessageState.FAILED]: 'has failed',
  [MessageState.UNKNOWN]: 'has been handed to a provider whose answer was lost',
}
