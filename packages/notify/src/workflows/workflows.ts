import type { Bus, Clock, Db, Events, Logger, Metrics, PageTokens } from '@mainstay/kernel'
import type { Implementation } from '@mainstay/rpc'
import { LRUCache } from 'lru-cache'
import { type MessagesEvent, messagesEnded, messagesSeen } from '../events.ts'
import { implementWorkflows } from './api.ts'
import type { Names } from './check-names.ts'
import { makePlan, type Plan } from './definition/plan.ts'
import { readDefinition } from './definition/read.ts'
import { findWorkflow } from './definition-store.ts'
import { wakeWaiting } from './engine/claim-store.ts'
import type { Send } from './engine/deliver.ts'
import { createMover } from './engine/mover.ts'
import { tellRuns } from './engine/wake.ts'
import { createWorkflowWorker, type WorkflowWorker } from './engine/worker.ts'
import { deleteEndedRuns } from './run-store.ts'
import { createWorkflows, type Workflows } from './service.ts'

export interface WorkflowPartDeps extends Names {
  db: Db
  bus: Bus
  events: Pick<Events, 'subscribe'>
  clock: Clock
  logger: Logger
  metrics: Metrics
  pageTokens: PageTokens
  send: Send
  /** Called after a commit that took messages out of the queue. */
  onChanged(): void
}

/** Workflows as a part of notify. */
export interface WorkflowPart {
  implementation: Implementation
  /** As the API starts one. */
  start: Workflows['start']
  worker: Pick<WorkflowWorker, 'start' | 'stop'>
  /** Forgets runs that ended before a time. */
  forgetBefore(time: Date): Promise<void>
}

export function createWorkflowPart(deps: WorkflowPartDeps): WorkflowPart {
  const { db, bus, events, clock, pageTokens } = deps
  const planOf = createPlans(db)
  const worker = createWorkflowWorker({ ...deps, moveBatch: createMover({ ...deps, planOf }) })
  events.subscribe<MessagesEvent>({
    group: 'notify.workflows',
    tokens: [messagesEnded, messagesSeen],
    // What happened before anybody waits is looked at when they begin to.
    from: 'next',
    async handler({ payload: { projectId, messageIds } }) {
      if ((await wakeWaiting(db, projectId, messageIds, clock.now())) === 0) return
      worker.wake()
      await tellRuns(bus, db)
    },
  })
  const workflows = createWorkflows(deps)
  return {
    implementation: implementWorkflows({ ...{ db, clock, pageTokens }, workflows }),
    start: workflows.start,
    worker,
    async forgetBefore(time) {
      while ((await deleteEndedRuns(db, time)) > 0);
    },
  }
}

/** Plans of versions, which never change. */
export function createPlans(db: Pick<Db, 'query'>) {
  const plans = new LRUCache<string, Plan>({ max: 500 })
  return async (projectId: string, name: string, version: number): Promise<Plan> => {
    const key = `${projectId}/${name}/${version}`
    const known = plans.get(key)
    if (known !== undefined) return known
    const row = await findWorkflow(db as Db, projectId, name, version)
    const { definition, problems } = readDefinition(row?.definition)
    if (problems.length > 0) throw new Error(`Version ${version} of the workflow ${name} is not understood`)
    const plan = makePlan(definition)
    plans.set(key, plan)
    return plan
  }
}
