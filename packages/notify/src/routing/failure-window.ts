import type { Clock } from '@mainstay/kernel'

/** How an account fared in the last minute, as one process saw it. */
export interface FailureWindow {
  /** Counts one message; when too many failed, how many of how many. */
  add(succeeded: boolean): { failed: number; all: number } | undefined
  clear(): void
}

const SPAN_MS = 10_000
const SPANS = 6

/** Fewer messages in a minute say nothing about an account. */
const FEWEST = 20

/** Half of them. */
const TOO_MANY = 0.5

/** Six spans of ten seconds, so that the past is forgotten bit by bit. */
export function createFailureWindow(clock: Clock): FailureWindow {
  let spans: { number: number; failed: number; all: number }[] = []
  return {
    add(succeeded) {
      const number = Math.floor(clock.nowMs() / SPAN_MS)
      let span = spans.at(-1)
      if (span?.number !== number) {
        span = { number, failed: 0, all: 0 }
        spans = [...spans.filter((one) => one.number > number - SPANS), span]
      }
      span.all++
      if (succeeded) return undefined
      span.failed++
      const failed = spans.reduce((sum, one) => sum + one.failed, 0)
      const all = spans.reduce((sum, one) => sum + one.all, 0)
      return all >= FEWEST && failed >= all * TOO_MANY ? { failed, all } : undefined
    },
    clear() {
      spans = []
    },
  }
}
