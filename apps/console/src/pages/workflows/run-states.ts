import { WorkflowRunState } from '@mainstay/proto/notify/v1/workflows'
import type { StateLook } from '../../notify/message-states.ts'

/** Every state of a run, in the order of its life. */
export const runStates: ReadonlyMap<WorkflowRunState, StateLook> = new Map([
  [WorkflowRunState.RUNNING, { slug: 'running', word: 'Running', tone: 'info' }],
  [WorkflowRunState.COMPLETED, { slug: 'completed', word: 'Completed', tone: 'ok' }],
  [WorkflowRunState.DIGESTED, { slug: 'digested', word: 'Digested', tone: 'ok' }],
  [WorkflowRunState.FAILED, { slug: 'failed', word: 'Failed', tone: 'bad' }],
  [WorkflowRunState.CANCELLED, { slug: 'cancelled', word: 'Cancelled', tone: 'quiet' }],
])

export function runLook(state: WorkflowRunState): StateLook {
  return runStates.get(state) ?? { slug: 'other', word: 'Other', tone: 'quiet' }
}

export function isOver(state: WorkflowRunState): boolean {
  return state !== WorkflowRunState.RUNNING
}
