import type { Bus, Executor } from '@mainstay/kernel'

/** Where is said that a run has something to do. */
export const RUNS_CHANNEL = 'notify_workflow_runs'

/** Wakes the workers of every process once the caller's transaction has committed. */
export async function tellRuns(bus: Pick<Bus, 'notify'>, executor: Executor): Promise<void> {
  await bus.notify(executor, RUNS_CHANNEL)
}
