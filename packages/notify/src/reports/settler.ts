import { setTimeout as delay } from 'node:timers/promises'
import { type Clock, type Db, type Logger, newId } from '@mainstay/kernel'
import { walkIndexes } from '../deliver/batch-sql.ts'
import { suppressKnown } from '../suppressions/from-events.ts'
import { markSeenByEvents } from './seen.ts'
import { settleEvents } from './settle.ts'
import { lockWaiting } from './store.ts'

export interface SettlerDeps {
  db: Db
  clock: Clock
  logger: Pick<Logger, 'error'>
  /** Called after a commit that changed messages. */
  onChanged(): void
}

/** How often waiting events are looked for. */
const INTERVAL_MS = 1000
const BATCH = 500

/**
 * Looks again at events whose message was not known when they came: a provider may be faster with its report than the worker
 * with recording which id the provider gave. One a process; of several, each takes other events.
 */
export function createSettler({ db, clock, logger, onChanged }: SettlerDeps) {
  const stopping = new AbortController()
  let loop: Promise<void> | undefined

  async function settleDue(): Promise<number> {
    const { count, moved } = await db.transaction(async (tx) => {
      const waiting = await lockWaiting(tx, clock.now(), BATCH)
      if (waiting.length === 0) return { count: 0, moved: false }
      const settled = await settleEvents(
        tx,
        waiting,
        waiting.map(() => newId(clock)),
        clock.now(),
      )
      const known = waiting.map((event, index) => ({
        ...event,
        messageId: settled[index]?.messageId ?? null,
      }))
      await suppressKnown(tx, known, clock)
      const seen = await markSeenByEvents(tx, known, clock)
      return { count: waiting.length, moved: seen || settled.some((one) => one.moved) }
    }, walkIndexes)
    if (moved) onChanged()
    return count
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      let count = 0
      try {
        count = await settleDue()
      } catch (err) {
        logger.error({ err }, 'waiting reports could not be looked at; trying again')
      }
      if (count < BATCH) await pause(INTERVAL_MS * (0.75 + Math.random() / 2))
    }
  }

  /** Ends early when stopping. */
  async function pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: stopping.signal }).catch((error: unknown) => {
      if (!stopping.signal.aborted) throw error
    })
  }

  return {
    start(): void {
      loop ??= run()
    },
    async stop(): Promise<void> {
      stopping.abort()
      await loop
    },
  }
}
