/** Hours of the day in which people get a campaign, in minutes since midnight; one that ends before it starts goes over midnight. */
export interface SendWindow {
  startMinute: number
  endMinute: number
  /** For people whose timezone is not known. */
  defaultTimezone: string
}

const MINUTE_MS = 60_000
const DAY_MINUTES = 24 * 60

/** `09:30` in minutes. */
export function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

/** Minutes since midnight as `09:30`. */
export function wallTime(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':')
}

/**
 * When the window is open in a timezone: `nowMs` when it is now, else when it opens next, in milliseconds since 1970.
 *
 * Clocks that change are looked at minute by minute of wall time: where an opening falls into the hour that a change leaves out, the
 * window opens with the first minute after it; an hour that comes twice is open both times.
 */
export function nextOpening(window: SendWindow, timezone: string, nowMs: number): number {
  if (isOpen(window, minuteAt(timezone, nowMs))) return nowMs
  // From the first full minute on, in steps that no opening fits into: offsets are multiples of 15 minutes.
  let atMs = Math.ceil(nowMs / MINUTE_MS) * MINUTE_MS
  const endMs = atMs + 2 * DAY_MINUTES * MINUTE_MS
  while (atMs < endMs) {
    const minute = minuteAt(timezone, atMs)
    if (isOpen(window, minute)) return atMs
    const untilStart = (window.startMinute - minute + DAY_MINUTES) % DAY_MINUTES
    // A change of the clock in between may bring the opening nearer by up to two hours (Antarctica/Troll).
    atMs += (untilStart > 180 ? untilStart - 180 : 1) * MINUTE_MS
  }
  return endMs
}

/** When the window that is open at `openMs` closes in a timezone. */
export function nextClosing(window: SendWindow, timezone: string, openMs: number): number {
  const closed = { ...window, startMinute: window.endMinute, endMinute: window.startMinute }
  return nextOpening(closed, timezone, openMs)
}

function isOpen({ startMinute, endMinute }: SendWindow, minute: number): boolean {
  return startMinute < endMinute
    ? minute >= startMinute && minute < endMinute
    : minute >= startMinute || minute < endMinute
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** The minute of the day that clocks there show. */
function minuteAt(timezone: string, timeMs: number): number {
  let format = formats.get(timezone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: timezone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    formats.set(timezone, format)
  }
  return minutesOf(format.format(timeMs))
}

/** Whether the text names a timezone that this program knows. */
export function isTimezone(text: string): boolean {
  try {
    minuteAt(text, 0)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
