import type { Db } from '../db/index.ts'
import { deliver, errorText } from './deliver.ts'
import type { Cursor, Page, StoredEvent } from './feed.ts'
import type { Shard } from './shard-state.ts'
import { forEachLimit } from './signal.ts'
import { buryParkedEvent, laneOf, type ParkedEvent, parkEvents, saveCursor } from './store.ts'
import { retryDelayMs } from './subscription.ts'

/**
 * Handles one page and moves the cursor behind it. Keys run side by side, the events of one key one by one. An event that
 * fails is set aside together with those behind it of its key, in the commit that moves the cursor: the shard goes on.
 *
 * @returns the new cursor, or undefined when the shard belongs to another process now.
 */
export async function runPage(shard: Shard, db: Db, cursor: Cursor, page: Page): Promise<Cursor | undefined> {
  const lanes = Map.groupBy(page.events, laneOf)
  const done = new Set<bigint>()
  const parked: ParkedEvent[] = []
  for (const lane of lanes.keys()) shard.busyLanes.add(lane)
  try {
    await forEachLimit(lanes, shard.consumer.concurrency, async ([lane, events]) => {
      await runLane(shard, db, lane, events, done, parked)
    })
    const next = done.size === page.events.length ? page.next : partWay(cursor, page, done)
    if (!(await commitPage(shard, db, next, parked))) return
    for (const { lane } of parked) shard.parkedLanes.add(lane)
    if (parked.length > 0) shard.wakeRetries()
    return next
  } finally {
    for (const lane of lanes.keys()) shard.busyLanes.delete(lane)
  }
}

async function runLane(
  shard: Shard,
  db: Db,
  lane: string,
  events: readonly StoredEvent[],
  done: Set<bigint>,
  parked: ParkedEvent[],
): Promise<void> {
  let blocked = shard.parkedLanes.has(lane)
  for (const event of events) {
    if (shard.stopping.aborted) return
    if (blocked) {
      parked.push({ ...event, lane, attempts: 0, delayMs: 0, error: null })
    } else {
      const failure = await deliver(db, shard.consumer, event, 1, shard.lost)
      if (failure !== undefined) {
        if (shard.lost.aborted) return
        const { retry } = shard.consumer
        const dead = retry.maxAttempts <= 1
        shard.report(event, 1, failure.error, dead)
        const delayMs = retryDelayMs(retry, 1)
        parked.push({ ...event, lane, attempts: 1, delayMs, error: errorText(failure.error) })
        blocked = !dead
      } else shard.report(event, 1)
    }
    done.add(event.seq)
  }
}

/** Stopped in the middle: everything up to the first event not done is done; what was done beyond it comes again. */
function partWay(cursor: Cursor, { events, snapshot }: Page, done: ReadonlySet<bigint>): Cursor {
  const firstLeft = events.findIndex(({ seq }) => !done.has(seq))
  return { ...cursor, batch: snapshot, afterSeq: events[firstLeft - 1]?.seq ?? cursor.afterSeq }
}

async function commitPage(
  shard: Shard,
  db: Db,
  next: Cursor,
  parked: readonly ParkedEvent[],
): Promise<boolean> {
  if (parked.length === 0) return await saveCursor(db, shard.lease, next)
  return await db.transaction(async (tx) => {
    if (!(await saveCursor(tx, shard.lease, next))) return false
    await parkEvents(tx, shard.lease, parked)
    const { maxAttempts } = shard.consumer.retry
    for (const event of parked) {
      if (event.attempts >= maxAttempts) await buryParkedEvent(tx, shard.lease, event)
    }
    return true
  })
}
