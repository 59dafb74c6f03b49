import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Tone } from '../state-mark/state-mark.tsx'

/** One thing that happened, whatever it happened to: a message, a request, an import, a file, a sign-in. */
export interface TimelineEvent {
  id: string
  atMs: number
  /** How long it took. Unset: it took no time. */
  durationMs?: number | undefined
  /** One line for people. */
  title: string
  /** What a machine said about it, on the same line as far as it fits. */
  summary?: string | undefined
  /** Who did it, in a word or two. */
  actor: string
  icon: LucideIcon
  tone: Tone
  /** Filled: it settles the matter, such as a delivery. */
  final?: boolean
  /** Still going on: it has no duration yet. */
  running?: boolean
  /** Everything known about it. Unset: there is nothing to expand. */
  body?: ReactNode
  /** Shown expanded at first: the reader came for this one. */
  startsOpen?: boolean
}

/** What is expected next: the end of the line while it is still being drawn. */
export interface ExpectedEvent {
  title: string
  /** When it is due, if anybody knows. */
  atMs?: number | undefined
}

/** When an event was over. */
export function endMs(event: TimelineEvent): number {
  return event.atMs + (event.durationMs ?? 0)
}
