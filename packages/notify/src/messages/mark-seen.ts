import { timestampMs } from '@bufbuild/protobuf/wkt'
import { appError, type Clock, type Db, idTimeMs, newId } from '@mainstay/kernel'
import type { MarkMessageSeenRequest } from '@mainstay/proto/notify/v1'
import type { CallContext } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import type { MessageRow } from './row.ts'
import { markSeen } from './seen-store.ts'
import type { Messages } from './service.ts'

export interface MarkMessageSeenDeps {
  db: Db
  clock: Clock
  messages: Pick<Messages, 'get' | 'getChangeable'>
  /** Called once a message has changed. */
  onChanged(): void
}

/** How far a caller's clock may be ahead. */
const LEEWAY_MS = 60_000

/**
 * A caller's word that a message was seen. The first time is kept; a repetition changes nothing.
 *
 * Throws `notify.message_not_found`, `notify.mode_not_allowed`, and `notify.request_invalid` for a time before the message was stored or in the future.
 */
export function createMarkMessageSeen({ db, clock, messages, onChanged }: MarkMessageSeenDeps) {
  return async (ctx: CallContext, request: MarkMessageSeenRequest): Promise<MessageRow> => {
    const row = await messages.getChangeable(ctx, request.messageId)
    const { projectId, tx, caller } = ctx
    const mark = {
      projectId,
      messageId: row.message_id,
      timeMs: readTime(request, idTimeMs(row.message_id), clock.nowMs()),
      clicked: request.clicked,
      noteId: newId(clock),
      actor: caller.id,
      detail: '',
    }
    const changed = await markSeen(tx ?? db, [mark])
    if (changed.length > 0) {
      if (tx === undefined) onChanged()
      tx?.afterCommit(onChanged)
    }
    return await messages.get(ctx, request.messageId)
  }
}

function readTime({ seenTime }: MarkMessageSeenRequest, storedMs: number, nowMs: number): number {
  if (seenTime === undefined) return nowMs
  const ms = timestampMs(seenTime)
  if (ms < storedMs - LEEWAY_MS) throw invalid('must not be before the message was stored')
  if (ms > nowMs + LEEWAY_MS) throw invalid('must not be in the future')
  return Math.min(Math.max(ms, storedMs), nowMs)
}

function invalid(description: string) {
  return appError(
    reasons,
    'notify.request_invalid',
    `The message cannot be marked: seenTime ${description}.`,
    {
      violations: [{ field: 'seenTime', description }],
    },
  )
}
