import { createSignal } from '../deliver/signal.ts'
import { planDue } from './planner.ts'
import { type RunnerDeps, runDue } from './runner.ts'
import { nextDueMs } from './store.ts'

/** How long a schedule that another process made may go unseen. */
const POLL_MS = 1000

/** How soon to look again at what is due and another process has its hand on. */
const HELD_MS = 250

/** Plans and runs what is due. Any number may work on one database, in any number of processes. */
export function createScheduleWorker(deps: RunnerDeps) {
  const { db, clock, logger } = deps
  const signal = createSignal()
  let stopping = false
  let loop: Promise<void> | undefined

  async function turn(): Promise<void> {
    const planned = await planDue(deps)
    const ran = await runDue(deps)
    if (planned > 0 || ran || stopping) return
    const dueMs = await nextDueMs(db)
    const untilMs = dueMs === undefined ? POLL_MS : dueMs - clock.nowMs()
    await signal.wait(untilMs <= 0 ? HELD_MS : Math.min(POLL_MS, Math.max(20, untilMs)))
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stopping; ) {
      try {
        await turn()
        failures = 0
      } catch (err) {
        failures++
        logger.error({ err }, 'schedules could not be looked at; trying again')
        await signal.wait(Math.min(5000, 50 * 2 ** failures))
      }
    }
  }

  return {
    start(): void {
      loop ??= run()
    },
    /** A schedule was made or changed in this process. */
    wake: signal.fire,
    async stop(): Promise<void> {
      stopping = true
      signal.fire()
      await loop
    },
  }
}
