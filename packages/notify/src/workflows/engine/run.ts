/** A run that this transaction has locked. */
export interface PickedRun {
  projectId: string
  runId: string
  live: boolean
  workflow: string
  version: number
  recipientId: string | null
  /** The one field of the contract's Target. */
  target: Readonly<Record<string, string>>
  data: Readonly<Record<string, unknown>>
  /** Where it is. */
  step: string
  progress: Progress | null
  made: Made
  /** How many runs it gathers; 0: it is no digest's run. */
  itemCount: number
  actor: string
  traceId: string | null
}

/** Where a run is within its step. Times in milliseconds since 1970. */
export interface Progress {
  /** Of a delay: until when. */
  untilMs?: number
  /** Of a fallback: the channel that is being tried, from 0 on, and how long it has. */
  try?: number
  beganMs?: number
  deadlineMs?: number
  /** Of a fallback: the channel that is to be tried next, and could not be for now. */
  next?: number
  /** How often the step could not be done for now. */
  failures?: number
}

/** The uuids of messages that a run made, by step and, in a fallback, by channel in its order; none: it could not be made. */
export type Made = Readonly<Record<string, readonly (readonly string[])[]>>

/** `WorkflowEntryKind` of the contract, as it is stored. */
export const EntryKind = {
  MESSAGE: 2,
  REFUSED: 3,
  WAITING: 4,
  DIGESTED: 5,
  BRANCH: 6,
  FALLBACK: 7,
  ENDED: 8,
} as const

/** One line of a run's timeline. */
export interface RunEntry {
  /** Unique in the run: the step and what it did. */
  entry: string
  kind: number
  step: string
  title: string
  detail?: string
  messageId?: string
}

/** What a run is put into. */
export interface WindowAddition {
  step: string
  digestKey: string
  /** Whom the digest is for. */
  recipient: string
  nextStep: string
  closeMs: number
}

/** What moving a run on comes to; all of it is written in one commit. */
export interface Move {
  run: PickedRun
  state: number
  /** Null: it has ended. */
  step: string | null
  progress: Progress | null
  made: Made
  /** Null: it has ended. */
  nextRunMs: number | null
  detail: string | null
  entries: readonly RunEntry[]
  addition?: WindowAddition
  /** The messages whose fate it waits for. */
  waits: readonly string[]
}
