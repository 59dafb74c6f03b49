import type { Timestamp } from '@bufbuild/protobuf/wkt'
import { timestampMs } from '@bufbuild/protobuf/wkt'

const absolute = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
})
const dayAndMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const dayMonthYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const dayAndMinute = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const clockMinute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })

/** Milliseconds since the epoch; undefined where the contract says "unset". */
export function toMs(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : timestampMs(time)
}

/** `22 Nov 2026, 18:02:11 CET`. */
export function formatAbsolute(ms: number): string {
  return absolute.format(ms)
}

/** `18:02:11.042`. */
export function formatClock(ms: number): string {
  return `${clock.format(ms)}.${String(Math.floor(ms % 1000)).padStart(3, '0')}`
}

/** `18:02`. */
export function formatMinute(ms: number): string {
  return clockMinute.format(ms)
}

/** `22 Nov, 18:02`. */
export function formatDayAndMinute(ms: number): string {
  return dayAndMinute.format(ms)
}

/** `22 Nov 2026`. */
export function formatDay(ms: number): string {
  return dayMonthYear.format(ms)
}

/** `now`, `12 s ago`, `4 min ago`, `3 h ago`, `2 d ago`, then the date; `in 4 min` for what is to come. */
export function formatRelative(ms: number, nowMs: number): string {
  const distance = Math.abs(nowMs - ms)
  if (distance < 1_000) return 'now'
  if (distance >= 7 * 86_400_000)
    return nowMs - ms < 300 * 86_400_000 ? dayAndMonth.format(ms) : dayMonthYear.format(ms)
  const span = coarse(distance)
  return ms > nowMs ? `in ${span}` : `${span} ago`
}

function coarse(ms: number): string {
  if (ms < 60_000) return `${Math.floor(ms / 1_000)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h`
  return `${Math.floor(ms / 86_400_000)} d`
}
