import type { Bus, Clock, Db, Logger, Metrics } from '@mainstay/kernel'
import { createDueLoop } from '../../due-loop.ts'
import { nextDueMs } from './claim-store.ts'
import type { Moved } from './mover.ts'
import { RUNS_CHANNEL } from './wake.ts'
import { closeOverdue, closeWindows } from './window-store.ts'

export interface WorkflowWorkerDeps {
  db: Db
  bus: Pick<Bus, 'listen'>
  clock: Clock
  logger: Logger
  metrics: Metrics
  moveBatch(limit: number): Promise<Moved>
  /** Called after a commit that took messages out of the queue. */
  onChanged(): void
}

const BATCH = 100
/** A window that could not be closed for so long, because somebody is always adding to it, is waited for. */
const OVERDUE_MS = 500

/** Moves runs on and closes digests until it is stopped. Any number of processes may; each row is one's at a time. */
export function createWorkflowWorker(deps: WorkflowWorkerDeps) {
  const { db, bus, clock, logger, metrics, moveBatch, onChanged } = deps
  const runs = metrics.counter({
    name: 'mainstay_notify_workflow_runs_total',
    help: 'Workflow runs that this process moved on, by what they came to: waits, ended.',
    labels: ['outcome'],
  })
  const digests = metrics.counter({
    name: 'mainstay_notify_workflow_digests_total',
    help: 'Digests that this process closed.',
  })
  let unlisten: (() => void) | undefined

  /** Whether there is likely more to do at once. */
  async function work(): Promise<boolean> {
    const moved = await moveBatch(BATCH)
    const now = clock.now()
    const closed = (await closeWindows(db, now, BATCH)) + ((await closeOverdue(db, now, OVERDUE_MS)) ? 1 : 0)
    if (moved.ended > 0) runs.inc({ outcome: 'ended' }, moved.ended)
    if (moved.runs > moved.ended) runs.inc({ outcome: 'waits' }, moved.runs - moved.ended)
    if (closed > 0) digests.inc({}, closed)
    if (moved.withdrew) onChanged()
    return moved.runs > 0 || closed > 0
  }

  const loop = createDueLoop({
    ...{ clock, logger, work },
    nextDueMs: () => nextDueMs(db),
    failure: 'workflow runs could not be moved on; trying again',
  })

  return {
    /** Cheap: any number of calls while it works count as one. */
    wake: loop.wake,
    async start(): Promise<void> {
      unlisten = await bus.listen(RUNS_CHANNEL, loop.wake)
      loop.start()
    },
    async stop(): Promise<void> {
      unlisten?.()
      await loop.stop()
    },
  }
}

export type WorkflowWorker = ReturnType<typeof createWorkflowWorker>
