/** Where the time comes from. Tests hand in `createFakeClock` from `@mainstay/kernel/testing`. */
export interface Clock {
  now(): Date
  /** Milliseconds since 1970-01-01 UTC. */
  nowMs(): number
}

/** The machine's own clock. */
export const systemClock: Clock = Object.freeze({
  now: () => new Date(),
  nowMs: () => Date.now(),
})
