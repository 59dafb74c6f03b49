import type { StoredEvent } from './feed.ts'
import type { Lease } from './store.ts'
import type { Consumer } from './subscription.ts'

/** What the loops of one shard share. */
export interface Shard {
  readonly consumer: Consumer
  readonly lease: Lease
  /** Aborted when no more events should be started. */
  readonly stopping: AbortSignal
  /** Aborted when handlers under way should stop too: another process may be running the same events. */
  readonly lost: AbortSignal
  /** Lanes with events set aside: new ones wait behind them. */
  readonly parkedLanes: Set<string>
  /** Lanes of the page under way. */
  readonly busyLanes: Set<string>
  /** Parked lanes to look at again, because they were busy. */
  readonly recheckLanes: Set<string>
  wakeRetries(): void
  report(event: StoredEvent, attempt: number, error?: unknown, dead?: boolean): void
}
