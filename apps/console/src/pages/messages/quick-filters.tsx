import { MessageState } from '@mainstay/proto/notify/v1'
import { Segmented } from '../../components/segmented/segmented.tsx'
import { problemStates } from '../../notify/message-states.ts'

const presets = [
  { value: 'all', label: 'All', states: [] },
  {
    value: 'under-way',
    label: 'Under way',
    states: [MessageState.ACCEPTED, MessageState.SCHEDULED, MessageState.QUEUED, MessageState.SENDING],
  },
  { value: 'arrived', label: 'Arrived', states: [MessageState.SENT, MessageState.DELIVERED] },
  { value: 'problems', label: 'Problems', states: [...problemStates] },
] as const satisfies { value: string; label: string; states: readonly MessageState[] }[]

/** The four views an operator switches between all day. They are plain state filters, so the address says the same. */
export function QuickFilters({
  states,
  onChange,
}: {
  states: MessageState[]
  onChange: (states: MessageState[]) => void
}) {
  const current = presets.find((preset) => isSame(preset.states, states))?.value
  return (
    <Segmented
      label="View"
      value={current}
      onChange={(value) => onChange([...(presets.find((preset) => preset.value === value)?.states ?? [])])}
      choices={presets}
    />
  )
}

function isSame(preset: readonly MessageState[], states: MessageState[]): boolean {
  return preset.length === states.length && preset.every((state) => states.includes(state))
}
