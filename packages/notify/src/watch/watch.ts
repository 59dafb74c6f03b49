import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Clock, Db } from '@mainstay/kernel'
import type { MessageChangeSchema, WatchMessagesRequest } from '@mainstay/proto/notify/v1'
import type { CallContext } from '@mainstay/rpc'
import { createSignal } from '../deliver/signal.ts'
import { type Filter, matches, readFilter } from '../messages/filter.ts'
import { type MessageRow, toMessage } from '../messages/row.ts'
import { findMessages } from '../messages/store.ts'
import { currentPosition, readChanges } from './feed-store.ts'
import { invalidToken, type Position, readResumeToken, TOKEN_TTL_MS, toResumeToken } from './position.ts'

type Change = MessageInitShape<typeof MessageChangeSchema>

export interface WatchDeps {
  db: Db
  clock: Clock
  /** How long a change of another process may go unseen. */
  pollIntervalMs: number
  /** How often a stream without changes says that it is alive. */
  heartbeatMs: number
}

/**
 * Streams of changed messages.
 *
 * The promise: every change that was committed after the stream began, or after its resume token, is followed by the
 * message on the stream, as it is at that moment or later. Changes close to each other may come as one, and after a
 * break some may come twice; none is left out. Nobody watching costs nothing but the feed's one row a commit.
 */
export interface Watch {
  /** One caller's stream; ends when the caller goes away or the program stops. */
  stream(request: WatchMessagesRequest, ctx: CallContext): AsyncIterable<Change>
  /** A hint that this process has just changed something: watchers look at once instead of at their next turn. */
  hint(): void
  /** Ends every stream. */
  stop(): void
}

const READ_ROWS = 500

export function createWatch({ db, clock, pollIntervalMs, heartbeatMs }: WatchDeps): Watch {
  const watchers = new Set<{ fire(): void }>()
  const stopping = new AbortController()

  async function* stream(request: WatchMessagesRequest, ctx: CallContext): AsyncGenerator<Change> {
    const { projectId } = ctx
    const filter = readFilter(request.filter)
    const ended = AbortSignal.any([ctx.signal, stopping.signal])
    let position = await startAt(request.resumeToken)
    const signal = createSignal()
    watchers.add(signal)
    ended.addEventListener('abort', signal.fire)
    try {
      // The first token: a break before the first change must not lose what comes in between.
      yield { resumeToken: toResumeToken(position) }
      let aliveMs = performance.now()
      while (!ended.aborted) {
        const page = await readChanges(db, projectId, position)
        // A caller who stopped reading for so long may have missed rows that are deleted by now.
        if (page.nowMs - position.timeMs > TOKEN_TTL_MS) throw invalidToken('is older than 55 minutes')
        const rows = await readRows(projectId, page.messageIds, filter)
        for (const [index, row] of rows.entries()) {
          const isLast = index === rows.length - 1
          yield {
            message: toMessage(row, clock.nowMs()),
            resumeToken: toResumeToken(isLast ? page.position : position),
          }
          if (ended.aborted) return
        }
        position = page.position
        if (rows.length > 0) aliveMs = performance.now()
        if (page.more) continue
        if (performance.now() - aliveMs >= heartbeatMs) {
          aliveMs = performance.now()
          yield { resumeToken: toResumeToken(position) }
        }
        if (!ended.aborted) await signal.wait(pollIntervalMs)
      }
    } finally {
      ended.removeEventListener('abort', signal.fire)
      watchers.delete(signal)
    }
  }

  async function startAt(resumeToken: string): Promise<Position> {
    if (resumeToken === '') return await currentPosition(db)
    const position = readResumeToken(resumeToken)
    const now = await currentPosition(db)
    // A database restored from a backup counts its transactions from an earlier number.
    if (position.snapshot.xmax > now.snapshot.xmax || position.timeMs > now.timeMs + TOKEN_TTL_MS)
      throw invalidToken('is from another database')
    return position
  }

  async function readRows(projectId: string, ids: readonly string[], filter: Filter): Promise<MessageRow[]> {
    const found: MessageRow[] = []
    for (let at = 0; at < ids.length; at += READ_ROWS) {
      const part = ids.slice(at, at + READ_ROWS)
      const rows = new Map((await findMessages(db, projectId, part)).map((row) => [row.message_id, row]))
      const nowMs = clock.nowMs()
      for (const id of part) {
        const row = rows.get(id)
        if (row !== undefined && matches(filter, row, nowMs)) found.push(row)
      }
    }
    return found
  }

  return {
    stream,
    hint() {
      for (const watcher of watchers) watcher.fire()
    },
    stop() {
      stopping.abort()
    },
  }
}
