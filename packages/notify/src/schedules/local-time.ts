/**
 * Times on the wall of a zone, as milliseconds since 1970 as if the wall were in UTC: `2030-01-31T09:00` is that moment in UTC.
 * Calendars are reckoned in these, where no day has 23 or 25 hours; `toInstant` says when that is in a zone.
 */
export type LocalMs = number

const DAY_MS = 86_400_000
const PATTERN = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?$/

/** Reads `2030-01-31T09:00`. Undefined for what is on no wall: 31 February, 25:00. */
export function parseLocal(text: string): LocalMs | undefined {
  const [, ...parts] = PATTERN.exec(text) ?? []
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map((part) =>
    Number(part ?? 0),
  )
  if (parts.length === 0 || hour > 23 || minute > 59 || second > 59) return undefined
  const ms = Date.UTC(year, month - 1, day, hour, minute, second)
  const date = new Date(ms)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? ms : undefined
}

/** `2030-01-31T09:00`, with seconds where there are any. */
export function formatLocal(local: LocalMs): string {
  const text = new Date(local).toISOString()
  return local % 60_000 === 0 ? text.slice(0, 16) : text.slice(0, 19)
}

/** What the wall of a zone shows at an instant. */
export function toLocal(instantMs: number, zone: string): LocalMs {
  return instantMs + offsetAt(instantMs, zone)
}

/**
 * When the wall of a zone shows a time: the first of the two moments where it comes twice, and the first moment after the gap where
 * a change of clocks skips it.
 */
export function toInstant(local: LocalMs, zone: string): number {
  const before = offsetAt(local - DAY_MS, zone)
  const after = offsetAt(local + DAY_MS, zone)
  const fits = [local - before, local - after].filter((instant) => toLocal(instant, zone) === local)
  if (fits.length > 0) return Math.min(...fits)
  return findChange(local - DAY_MS, local + DAY_MS, zone)
}

/** The moment within a span at which the offset changes from what it is at its beginning. */
function findChange(fromMs: number, toMs: number, zone: string): number {
  const first = offsetAt(fromMs, zone)
  let [low, high] = [fromMs, toMs]
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000
    if (offsetAt(middle, zone) === first) low = middle
    else high = middle
  }
  return high
}

const formats = new Map<string, Intl.DateTimeFormat>()

function offsetAt(instantMs: number, zone: string): number {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    })
    formats.set(zone, format)
  }
  const parts: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(instantMs)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  const whole = Math.floor(instantMs / 1000) * 1000
  return Date.UTC(year, month - 1, day, hour, minute, second) - whole
}
