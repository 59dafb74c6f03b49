import type { Plan } from '../definition/plan.ts'
import type { Scope } from '../expression/evaluate.ts'
import type { Delivery } from './deliver.ts'
import type { Fate } from './fate-store.ts'
import type { Made, Move, PickedRun, Progress, RunEntry } from './run.ts'

/** What the walk of one run needs to know and to do. */
export interface Surroundings {
  nowMs: number
  /** Sends what a step says; once, however often it is asked. `key` is unique in the run. */
  deliver(delivery: Delivery): Promise<readonly string[]>
  /** What became of messages of this run, as it is now. */
  fates(messageIds: readonly string[]): Promise<readonly Fate[]>
  /** The same, and nobody changes it until what is decided has been committed. */
  lockFates(messageIds: readonly string[]): Promise<readonly Fate[]>
  /** Takes messages out of the queue that nobody needs any more. Returns those that were not sent. */
  withdraw(messageIds: readonly string[]): Promise<readonly string[]>
  /** What expressions and texts see, without `steps`. */
  scope: Scope
  /** IANA, of the recipient. */
  timezone: string
}

/** A run on its way: what has happened since it was picked. */
export interface Walk {
  readonly run: PickedRun
  readonly plan: Plan
  readonly around: Surroundings
  made: Made
  progress: Progress | null
  entries: RunEntry[]
}

/** Where a step leads. */
export type Onward =
  | { kind: 'go'; to: string | undefined }
  | { kind: 'wait'; untilMs: number; progress: Progress; waits: readonly string[] }
  | { kind: 'end'; move: Pick<Move, 'state' | 'detail'> & Partial<Pick<Move, 'addition'>> }
