/** What an engine is asked: a limit in numbers. */
export interface EngineTake {
  key: string
  algorithm: typeof GCRA | typeof WINDOW
  /** GCRA: milliseconds between two of cost 1. A window: the most in it. */
  a: number
  /** GCRA: how many milliseconds a burst may be ahead. A window: its length. */
  b: number
  cost: number
  enforced: boolean
}

export const GCRA = 1
export const WINDOW = 2

/** What is stored under a key afterwards. */
export interface EngineState {
  allowed: boolean
  /** GCRA: the theoretical arrival time in milliseconds since 1970. A window: what was taken. 0: nothing. */
  value: number
  /** When that is forgotten; 0 for nothing. */
  expireMs: number
}

/** Where counts are kept. */
export interface Engine {
  readonly name: 'memory' | 'postgres' | 'redis'
  /** Takes all or none. The keys are sorted and distinct. A plain value where nothing has to be waited for. */
  take(takes: readonly EngineTake[], nowMs: number): EngineState[] | Promise<EngineState[]>
  /** The same of one, for engines that answer at once. */
  takeOne?(take: EngineTake, nowMs: number): EngineState
  /** Forgets keys. */
  reset(keys: readonly string[]): void | Promise<void>
  /** Forgets what has expired. How many. */
  sweep(nowMs: number): number | Promise<number>
  close(): Promise<void>
}
