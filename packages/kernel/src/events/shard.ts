import type { Db } from '../db/index.ts'
import type { Logger, Metrics } from '../telemetry/index.ts'
import { type Cursor, hasOpenTransactions, readPage } from './feed.ts'
import { runPage } from './page.ts'
import { runRetries } from './retries.ts'
import type { Shard } from './shard-state.ts'
import { createWakeSignal } from './signal.ts'
import { type Lease, listParkedLanes, saveCursor } from './store.ts'
import type { Consumer } from './subscription.ts'

export interface RunningShard {
  readonly lease: Lease
  /** There may be new events. */
  wake(): void
  /** There may be replayed ones. */
  wakeRetries(): void
  /** True when it should look again soon although nobody published: for transactions that were running, or to save. */
  isWaiting(): boolean
  /** Lets handlers under way finish and saves how far it came; with `abandon`, aborts them and saves nothing. */
  stop(abandon?: boolean): Promise<void>
}

export interface ShardOptions {
  db: Db
  consumer: Consumer
  lease: Lease
  cursor: Cursor
  shards: number
  pageSize: number
  logger: Logger
  metrics: Metrics
  /** Called when a write shows that another process has the shard. */
  onLost(): void
}

/** Starts working on a shard that this process holds the lease of. */
export function startShard(options: ShardOptions): RunningShard {
  const { db, consumer, lease, logger } = options
  const stopping = new AbortController()
  const lost = new AbortController()
  const news = createWakeSignal(stopping.signal)
  const retries = createWakeSignal(stopping.signal)
  const shard: Shard = {
    consumer,
    lease,
    stopping: stopping.signal,
    lost: lost.signal,
    parkedLanes: new Set(),
    busyLanes: new Set(),
    recheckLanes: new Set(),
    wakeRetries: () => retries.wake(),
    report: createReport(options),
  }
  const lag = options.metrics.gauge({
    name: 'mainstay_events_lag',
    help: 'Positions of the outbox not read yet.',
    labels: ['group', 'shard'],
  })
  const feed = {
    topics: consumer.topics,
    shard: lease.shard,
    shards: options.shards,
    limit: options.pageSize,
  }
  let cursor = options.cursor
  let savedPosition = cursor.position
  let savedAt = performance.now()

  /** @returns true when there may be more to read at once. */
  async function readOn(): Promise<boolean> {
    const page = await readPage(db, cursor, feed)
    const more = page.full || cursor.batch !== null
    if (page.events.length > 0) {
      const next = await runPage(shard, db, cursor, page)
      if (next === undefined) return giveUp()
      cursor = next
      markSaved()
    } else {
      cursor = page.next
      // Nothing was done, so nothing need be saved; but retention, and a restart, go by what is.
      if (isUnsaved()) {
        if (!(await saveCursor(db, lease, cursor))) return giveUp()
        markSaved()
      }
    }
    lag.set(page.full ? Number(cursor.position - cursor.afterSeq) : 0, {
      group: lease.group,
      shard: lease.shard,
    })
    return more
  }

  const isUnsaved = (): boolean =>
    cursor.position > savedPosition && performance.now() - savedAt > SAVE_EVERY_MS

  async function saveBeforeLeaving(): Promise<void> {
    if (lost.signal.aborted || cursor.position === savedPosition) return
    await saveCursor(db, lease, cursor).catch((err: unknown) => {
      logger.warn(
        { err, group: lease.group, shard: lease.shard },
        'how far a shard has read could not be saved',
      )
    })
  }

  function markSaved(): void {
    savedPosition = cursor.position
    savedAt = performance.now()
  }

  function giveUp(): false {
    lost.abort(new Error('Another process has taken over'))
    stopping.abort()
    options.onLost()
    return false
  }

  const loops = listParkedLanesPatiently().then(() =>
    Promise.all([
      loop('events could not be read', async () => {
        if (!(await readOn())) await news.wait()
      }),
      loop('events could not be retried', async () => {
        const waitMs = await runRetries(shard, db)
        if (waitMs !== 0) await retries.wait(waitMs)
      }),
    ]),
  )

  /** Without knowing them, events would overtake the ones set aside. */
  async function listParkedLanesPatiently(): Promise<void> {
    let known = false
    await loop('parked events could not be listed', async () => {
      if (known) return true
      for (const lane of await listParkedLanes(db, lease)) shard.parkedLanes.add(lane)
      known = true
      return true
    })
  }

  /** Repeats `step` until the shard stops or the step says that it is through. Failures are logged and waited out. */
  async function loop(complaint: string, step: () => Promise<unknown>): Promise<void> {
    const pause = createWakeSignal(stopping.signal)
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        if ((await step()) === true) return
        failures = 0
      } catch (err) {
        logger.warn({ err, group: lease.group, shard: lease.shard }, complaint)
        await pause.wait(Math.min(5_000, 100 * 2 ** failures++))
      }
    }
  }

  return {
    lease,
    wake: () => news.wake(),
    wakeRetries: () => retries.wake(),
    isWaiting: () => hasOpenTransactions(cursor.done) || isUnsaved(),
    async stop(abandon = false) {
      stopping.abort()
      if (abandon) lost.abort(new Error('This process no longer holds the shard'))
      await loops
      await saveBeforeLeaving()
    },
  }
}

const SAVE_EVERY_MS = 10_000

/** Counts every call of a handler, and logs the failed ones without their payload. */
function createReport({ consumer, logger, metrics }: ShardOptions): Shard['report'] {
  const handled = metrics.counter({
    name: 'mainstay_events_handled_total',
    help: 'Events handed to consumers by how it went: ok, failed (tried again), dead (given up).',
    labels: ['group', 'outcome'],
  })
  const { group } = consumer
  return (event, attempt, error, dead = false) => {
    if (error === undefined) return handled.inc({ group, outcome: 'ok' })
    handled.inc({ group, outcome: dead ? 'dead' : 'failed' })
    const fields = { err: error, group, event: event.topic, eventId: event.id, attempt }
    if (dead) logger.error(fields, 'an event was given up on and is a dead letter now')
    else logger.warn(fields, 'an event failed and will be tried again')
  }
}
