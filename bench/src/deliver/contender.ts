/** What one job carries: the same for every contender. */
export interface Payload {
  to: string
  subject: string
  text: string
}

export interface ContenderOptions {
  /** The database, or Redis, that the contender keeps its jobs in: its own, and empty. */
  url: string
  sinkUrl: string
}

/** One way to deliver a queue of messages to an HTTP endpoint durably. Runs in a process of its own. */
export interface Contender {
  prepare(options: ContenderOptions): Promise<void>
  /** Stores jobs durably. Not part of what is measured. */
  enqueue(payloads: readonly Payload[]): Promise<void>
  /** Starts to work them off; the clock runs from before this is called. */
  start(): Promise<void>
  /** How many jobs are not recorded as done. */
  remaining(): Promise<number>
  stop(): Promise<void>
}

/** What a contender's process is asked, over IPC. */
export type Ask = 'start' | 'remaining' | 'stop'
