import type { Clock } from '../clock.ts'

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  /** Moves the time forward, or back when negative. */
  advance(ms: number): void
  set(time: Date | string | number): void
}

export function createFakeClock(start: Date | string | number = '2026-01-01T00:00:00Z'): FakeClock {
  let timeMs = new Date(start).getTime()
  return {
    now: () => new Date(timeMs),
    nowMs: () => timeMs,
    advance(ms) {
      timeMs += ms
    },
    set(time) {
      timeMs = new Date(time).getTime()
    },
  }
}
