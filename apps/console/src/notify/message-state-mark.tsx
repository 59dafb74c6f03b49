import type { Message } from '@mainstay/proto/notify/v1'
import { StateMark } from '../components/state-mark/state-mark.tsx'
import { lookOf } from './message-states.ts'

/** A message's state as a dot and a word. */
export function MessageStateMark({
  message,
  badge = false,
}: {
  message: Pick<Message, 'state'>
  badge?: boolean
}) {
  const { word, tone, hollow = false, moving = false } = lookOf(message.state)
  return (
    <StateMark tone={tone} hollow={hollow} moving={moving} badge={badge}>
      {word}
    </StateMark>
  )
}
