import { createDueLoop, type DueLoop } from '../due-loop.ts'
import { planDue } from './planner.ts'
import { type RunnerDeps, runDue } from './runner.ts'
import { nextDueMs } from './store.ts'

/** Plans and runs what is due. Any number may work on one database, in any number of processes. */
export function createScheduleWorker(deps: RunnerDeps): DueLoop {
  return createDueLoop({
    ...deps,
    nextDueMs: () => nextDueMs(deps.db),
    async work() {
      const planned = await planDue(deps)
      const ran = await runDue(deps)
      return planned > 0 || ran
    },
    failure: 'schedules could not be looked at; trying again',
  })
}
