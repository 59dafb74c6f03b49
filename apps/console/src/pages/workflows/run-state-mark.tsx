import type { WorkflowRunState } from '@mainstay/proto/notify/v1/workflows'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { runLook } from './run-states.ts'

/** A run's state as a dot and a word. */
export function RunStateMark({ state, badge = false }: { state: WorkflowRunState; badge?: boolean }) {
  const { word, tone, moving = false } = runLook(state)
  return (
    <StateMark tone={tone} moving={moving} badge={badge}>
      {word}
    </StateMark>
  )
}
