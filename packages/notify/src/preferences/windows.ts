import type { FieldViolation } from '@mainstay/kernel'

/** Quiet hours as they are stored: see notify.quiet_until. */
export interface QuietWindow {
  /** Minutes after midnight. */
  start: number
  end: number
  /** 1 Monday … 7 Sunday; none: every day. */
  days: number[]
}

/** As the contract has it: `22:00`. */
export interface WrittenWindow {
  start: string
  end: string
  days: number[]
}

const DAY = 24 * 60
const WEEK = 7 * DAY

/** Reads windows; the contract has seen to their form. Together they must leave an hour a week in which a message can go out. */
export function readWindows(
  windows: readonly WrittenWindow[],
  field: string,
): { windows: QuietWindow[] } | { violation: FieldViolation } {
  const read = windows.map(({ start, end, days }) => ({
    start: minutesOf(start),
    end: minutesOf(end),
    days: days.toSorted((a, b) => a - b),
  }))
  if (longestGap(read) >= 60) return { windows: read }
  const description = 'leaves no hour of the week in which a message could be sent'
  return { violation: { field, description } }
}

export function writeWindows(windows: readonly QuietWindow[]): WrittenWindow[] {
  return windows.map(({ start, end, days }) => ({ start: clockOf(start), end: clockOf(end), days }))
}

function minutesOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number)
  return hours * 60 + minutes
}

function clockOf(minutes: number): string {
  const two = (number: number): string => String(number).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** Minutes of the longest stretch of a week that no window covers. */
function longestGap(windows: readonly QuietWindow[]): number {
  const spans = windows.flatMap(({ start, end, days }) =>
    (days.length === 0 ? [1, 2, 3, 4, 5, 6, 7] : days).map((day) => {
      const from = (day - 1) * DAY + start
      return { from, to: from + (end > start ? end - start : end - start + DAY) }
    }),
  )
  if (spans.length === 0) return WEEK
  spans.sort((a, b) => a.from - b.from)
  let covered = Math.max(...spans.map(({ to }) => to - WEEK))
  let longest = 0
  for (const { from, to } of spans) {
    longest = Math.max(longest, from - covered)
    covered = Math.max(covered, to)
  }
  return Math.max(longest, WEEK + (spans[0]?.from ?? 0) - covered)
}
