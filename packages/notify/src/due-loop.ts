import type { Clock, Logger } from '@mainstay/kernel'
import { createSignal } from './deliver/signal.ts'

export interface DueLoopDeps {
  clock: Clock
  logger: Pick<Logger, 'error'>
  /**
   * When the next is due, in milliseconds since 1970; undefined: none waits. One cheap statement: it is all that a process with
   * nothing to do asks.
   */
  nextDueMs(): Promise<number | undefined>
  /** Does some of what is due; false when it could take nothing. */
  work(): Promise<boolean>
  /** What the log says when one of them fails. */
  failure: string
}

/** Work that is found by its time. */
export interface DueLoop {
  start(): void
  /** There may be something new. Cheap: any number of calls while it works count as one. */
  wake(): void
  /** Resolves when what is under way is done. */
  stop(): Promise<void>
}

/** How long something may go unseen that no wake-up told of. */
const POLL_MS = 1000

/** How soon to look again at what is due and another process has its hand on. */
const HELD_MS = 250

/** A time in the database is finer than the clock that it is compared with. */
const LEAST_MS = 10

const LONGEST_PAUSE_MS = 5000

/** Works while something is due, and sleeps until something is. Any number of processes may work on one database. */
export function createDueLoop({ clock, logger, nextDueMs, work, failure }: DueLoopDeps): DueLoop {
  const signal = createSignal()
  let stopping = false
  let loop: Promise<void> | undefined

  async function turn(): Promise<void> {
    const dueMs = await nextDueMs()
    if (dueMs === undefined) return await signal.wait(POLL_MS)
    const untilMs = dueMs - clock.nowMs()
    if (untilMs > 0) return await signal.wait(Math.min(POLL_MS, Math.max(LEAST_MS, untilMs)))
    if (!(await work())) await signal.wait(HELD_MS)
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stopping; ) {
      try {
        await turn()
        failures = 0
      } catch (err) {
        failures++
        logger.error({ err }, failure)
        await signal.wait(Math.min(LONGEST_PAUSE_MS, 50 * 2 ** failures))
      }
    }
  }

  return {
    start() {
      loop ??= run()
    },
    wake: signal.fire,
    async stop() {
      stopping = true
      signal.fire()
      await loop
    },
  }
}
