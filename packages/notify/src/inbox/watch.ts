import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import type { Clock, Db } from '@mainstay/kernel'
import type { InboxAction, InboxChangeSchema } from '@mainstay/proto/notify/v1/inbox'
import { readChanges } from './change-store.ts'
import type { Hub, Watcher } from './hub.ts'
import { toCounts, toItem, toItemId } from './item.ts'
import type { InboxKey } from './key.ts'
import { invalidToken, readResumeToken, toResumeToken } from './position.ts'
import { findInbox, findItems } from './store.ts'

type Change = MessageInitShape<typeof InboxChangeSchema>

export interface WatchDeps {
  db: Db
  clock: Clock
  hub: Hub
  /** How often a stream without changes says that it is alive. */
  heartbeatMs: number
}

/** Aborts when a stream is to end: its caller went away, or the program stops. */
interface Ending {
  signal: AbortSignal
}

/**
 * Streams what changes in an inbox.
 *
 * The promise: every change that was committed after the stream began, or after its resume token, is followed by the item on
 * the stream as it is then, or by word that it is gone. Changes close to each other may come as one; none is left out.
 */
export function createWatch({ db, clock, hub, heartbeatMs }: WatchDeps) {
  async function startAt(key: InboxKey, resumeToken: string): Promise<bigint> {
    const now = await findInbox(db, key)
    if (resumeToken === '') return now.changeSeq
    const { changeSeq } = readResumeToken(resumeToken, clock.nowMs())
    // A database restored from a backup counts its changes from an earlier number.
    if (changeSeq > now.changeSeq) throw invalidToken('is from another database')
    return changeSeq
  }

  /** What comes after a change; the last one says where the reader is then. Empty where nothing changed. */
  async function readOn(
    key: InboxKey,
    watcher: Watcher,
    isFirst: boolean,
  ): Promise<{ changes: Change[]; more: boolean }> {
    const page = await readChanges(db, key, watcher.changeSeq)
    const counts = toCounts(page)
    const before = toResumeToken({ changeSeq: watcher.changeSeq, timeMs: clock.nowMs() })
    const told: Change[] = page.sweeps.map(({ action, untilMs, timeMs, category, groupKey }) => {
      const sweep = {
        ...{ action: action as InboxAction, category, groupKey },
        untilTime: timestampFromMs(untilMs),
        markTime: timestampFromMs(timeMs),
      }
      return { change: { case: 'sweep', value: sweep }, counts, resumeToken: before }
    })
    // After the sweeps: items are told as they are now, and a sweep that came before must not mark them again.
    const items = page.itemIds.length === 0 ? [] : await findItems(db, key, page.itemIds)
    const byId = new Map(items.map((item) => [item.item_id, toItem(item)]))
    for (const itemId of page.itemIds) {
      const item = byId.get(itemId)
      const change: Change['change'] =
        item === undefined
          ? { case: 'deletedItemId', value: toItemId(itemId) }
          : { case: 'item', value: item }
      told.push({ change, counts, resumeToken: before })
    }
    if (isFirst) told.unshift({ counts, resumeToken: before })
    watcher.changeSeq = page.changeSeq
    const last = told.at(-1)
    if (last !== undefined)
      last.resumeToken = toResumeToken({ changeSeq: page.changeSeq, timeMs: clock.nowMs() })
    return { changes: told, more: page.more }
  }

  return async function* stream(
    key: InboxKey,
    resumeToken: string,
    { signal: ended }: Ending,
  ): AsyncGenerator<Change> {
    const watcher = hub.watch(key)
    ended.addEventListener('abort', watcher.signal.fire)
    try {
      watcher.changeSeq = await startAt(key, resumeToken)
      let aliveMs = Number.NEGATIVE_INFINITY
      while (!ended.aborted) {
        // The first one says how the inbox stands, and gives the first token. Later ones without a change say that it is alive.
        const isDue = performance.now() - aliveMs >= heartbeatMs
        const { changes, more } = await readOn(key, watcher, isDue)
        for (const change of changes) {
          yield change
          if (ended.aborted) return
        }
        if (changes.length > 0) aliveMs = performance.now()
        if (!more) await watcher.signal.wait(heartbeatMs)
      }
    } finally {
      ended.removeEventListener('abort', watcher.signal.fire)
      watcher.close()
    }
  }
}
