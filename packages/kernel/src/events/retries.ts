import type { Db } from '../db/index.ts'
import { deliver, errorText } from './deliver.ts'
import type { Shard } from './shard-state.ts'
import { forEachLimit } from './signal.ts'
import {
  buryParkedEvent,
  findParkedEvent,
  listNextLanes,
  postponeParkedEvent,
  removeParkedEvent,
} from './store.ts'
import { retryDelayMs } from './subscription.ts'

/**
 * Tries the events set aside that are due, each lane in its order.
 *
 * @returns how long nothing will be due; undefined when nothing is set aside.
 */
export async function runRetries(shard: Shard, db: Db): Promise<number | undefined> {
  const next = await listNextLanes(db, shard.lease, LANES_PER_ROUND)
  // A lane not known here was replayed by somebody: from now on its new events wait behind the replayed one.
  for (const { lane } of next) shard.parkedLanes.add(lane)
  const due = new Set(next.filter(({ dueInMs }) => dueInMs === 0).map(({ lane }) => lane))
  for (const lane of shard.recheckLanes) due.add(lane)
  shard.recheckLanes.clear()
  await forEachLimit(due, shard.consumer.concurrency, (lane) => retryLane(shard, db, lane))
  if (shard.recheckLanes.size > 0) return 20
  if (due.size > 0) return 0
  return next[0]?.dueInMs
}

const LANES_PER_ROUND = 100

async function retryLane(shard: Shard, db: Db, lane: string): Promise<void> {
  const { consumer, lease } = shard
  while (!shard.stopping.aborted) {
    // The page under way may be running this lane (a replay came in meanwhile), or be about to set events of it aside.
    if (shard.busyLanes.has(lane)) return void shard.recheckLanes.add(lane)
    const found = await findParkedEvent(db, lease, lane)
    if (found === undefined) {
      if (shard.busyLanes.has(lane)) shard.recheckLanes.add(lane)
      else shard.parkedLanes.delete(lane)
      return
    }
    const { event, due } = found
    if (!due) return
    const attempt = event.attempts + 1
    const failure = await deliver(db, consumer, event, attempt, shard.lost)
    if (failure === undefined) {
      shard.report(event, attempt)
      await removeParkedEvent(db, lease, lane, event.seq)
      continue
    }
    if (shard.lost.aborted) return
    const dead = attempt >= consumer.retry.maxAttempts
    shard.report(event, attempt, failure.error, dead)
    const error = errorText(failure.error)
    if (!dead) {
      return await postponeParkedEvent(
        db,
        lease,
        lane,
        event.seq,
        retryDelayMs(consumer.retry, attempt),
        error,
      )
    }
    await buryParkedEvent(db, lease, { lane, seq: event.seq, attempts: attempt, error })
  }
}
