import type { Payload } from './task.ts'

/** A queue that stores one job a call, durably before the call returns. Runs in a process of its own. */
export interface Peer {
  /** Makes what it stores in. `url` is its own Redis or database, and empty. */
  prepare(url: string): Promise<void>
  add(payload: Payload): Promise<unknown>
  /** How many jobs are stored. */
  count(): Promise<number>
  stop(): Promise<void>
}

/** What a peer's process is asked: to add for so long, or how many it has. */
export type Ask = { addForMs: number } | 'count'

export interface Added {
  perSecond: number
  jobs: number
}

/** Connections of the peers that store in PostgreSQL: enough for commits to share a flush, on two cores. */
export const PEER_CONNECTIONS = 20
