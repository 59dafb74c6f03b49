/** A time of day that comes back: every day, or on one day of the week (0 is Sunday). */
export interface Recurring {
  hour: number
  minute: number
  weekday?: number
}

/**
 * When a local time of day comes next, strictly after `afterMs`, in milliseconds since 1970.
 *
 * Where a change of clocks leaves the local time out, it is that much later (02:30 becomes 03:30, as RFC 5545 §3.3.5 says); where
 * the clocks show it twice, the first one counts, once.
 */
export function nextLocalTime(
  { hour, minute, weekday }: Recurring,
  timezone: string,
  afterMs: number,
): number {
  const { year, month, day } = localDate(afterMs, timezone)
  // The next day but one covers a local time that has passed today; eight days cover every weekday.
  for (let ahead = 0; ahead <= 8; ahead++) {
    const date = new Date(Date.UTC(year, month - 1, day + ahead))
    if (weekday !== undefined && date.getUTCDay() !== weekday) continue
    const ms = instantOf(date.getTime() + hour * HOUR_MS + minute * 60_000, timezone)
    if (ms > afterMs) return ms
  }
  throw new RangeError(`No day of the week ${weekday} within eight days in ${timezone}`)
}

/** Whether a name is a timezone of the IANA database. */
export function isTimezone(name: string): boolean {
  // An offset such as +02:00 knows no change of the clocks.
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    return formatter(name) !== undefined
  } catch {
    return false // what Intl throws for a name that it does not know is the answer
  }
}

const HOUR_MS = 3_600_000

/** The instant at which clocks show a local time, given as if it were UTC. */
function instantOf(localMs: number, timezone: string): number {
  // The offsets a day before and a day after are those on both sides of any change in between.
  const before = offsetAt(localMs - 24 * HOUR_MS, timezone)
  const after = offsetAt(localMs + 24 * HOUR_MS, timezone)
  const first = localMs - before
  if (offsetAt(first, timezone) === before) return first
  const second = localMs - after
  if (offsetAt(second, timezone) === after) return second
  return first
}

/** How far local clocks are ahead of UTC, in milliseconds. */
function offsetAt(ms: number, timezone: string): number {
  const { year, month, day, hour, minute, second } = localDate(ms, timezone)
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000
}

interface LocalDate {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

function localDate(ms: number, timezone: string): LocalDate {
  const parts = formatter(timezone).formatToParts(ms)
  const number = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)?.value)
  return {
    year: number('year'),
    month: number('month'),
    day: number('day'),
    hour: number('hour'),
    minute: number('minute'),
    second: number('second'),
  }
}

/** Making one costs 50 µs. There are some 600 timezones. */
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatter(timezone: string): Intl.DateTimeFormat {
  let known = formatters.get(timezone)
  if (known === undefined) {
    known = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      // Years before 1 are nobody's business here: `era` is left out.
    })
    formatters.set(timezone, known)
  }
  return known
}
