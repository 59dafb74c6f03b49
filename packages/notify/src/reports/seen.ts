import { type Clock, newId, type Tx } from '@mainstay/kernel'
import { markSeen } from '../messages/seen-store.ts'
import { EVENT_KINDS } from './event-kinds.ts'

/** A stored event with the message it is about. */
export interface SeenEvent {
  projectId: string
  /** Of provider_events. */
  kind: number
  timeMs: number
  receivedMs: number
  detail: string
  /** Null: none of ours is known. */
  messageId: string | null
}

/** How each kind is known, for people; kinds that say nothing of the recipient are missing. */
const WORDS: ReadonlyMap<number, string> = new Map([
  [EVENT_KINDS.read, 'The provider reports it as read.'],
  [EVENT_KINDS.opened, 'The provider reports it as opened.'],
  [EVENT_KINDS.clicked, 'The provider reports that a link in it was followed.'],
])

/** Marks the messages that events tell were read, opened or clicked. Returns whether a message changed. */
export async function markSeenByEvents(tx: Tx, events: readonly SeenEvent[], clock: Clock): Promise<boolean> {
  const marks = events.flatMap((event) => {
    const detail = WORDS.get(event.kind)
    if (detail === undefined || event.messageId === null) return []
    return {
      projectId: event.projectId,
      messageId: event.messageId,
      timeMs: Math.min(event.timeMs, event.receivedMs),
      clicked: event.kind === EVENT_KINDS.clicked,
      noteId: noteIdAt(event, clock),
      actor: 'provider',
      detail,
    }
  })
  return (await markSeen(tx, marks)).length > 0
}

/** The entry on the timeline stands where the event happened, as far as the provider's clock can be believed. */
export function noteIdAt(
  { timeMs, receivedMs }: Pick<SeenEvent, 'timeMs' | 'receivedMs'>,
  clock: Clock,
): string {
  const id = newId(clock)
  const ms = Math.min(timeMs, receivedMs)
  const stamp = Math.floor(ms).toString(16).padStart(12, '0')
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}${id.slice(13)}`
}
