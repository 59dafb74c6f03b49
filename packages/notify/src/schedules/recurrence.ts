import type { FieldViolation } from '@mainstay/kernel'
import type { Timing } from '@mainstay/proto/notify/v1/schedules'
import { Cron } from 'croner'
import { RRuleTemporal } from 'rrule-temporal'
import { type LocalMs, parseLocal, toInstant } from './local-time.ts'

/** When something happens, on the wall of no zone in particular. */
export interface Recurrence {
  /** The first occurrence after a time. Undefined: none. */
  after(local: LocalMs): LocalMs | undefined
}

/** One occurrence: a time on the wall, and when that is. */
export interface Occurrence {
  local: LocalMs
  timeMs: number
}

/**
 * How far a rule is followed that hardly ever holds, before it is said to hold never: more than a year of hours, and decades of days.
 * Nobody else is served meanwhile: 50,000 steps took more than two seconds.
 */
const MAX_ITERATIONS = 10_000

/** Whether a rule has come to its count is counted from its start, each time. */
const MAX_COUNT = 9999

/**
 * Reads when something happens. `anchor` is the time on the wall that it begins at where the timing has no `start`. A timing that
 * breaks its own rules, or that never happens, is answered with the fields that are wrong.
 */
export function readRecurrence(timing: Timing, anchor: LocalMs): Recurrence | FieldViolation[] {
  const start = timing.start === '' ? anchor : parseLocal(timing.start)
  const end = timing.end === '' ? Number.POSITIVE_INFINITY : parseLocal(timing.end)
  const violations: FieldViolation[] = []
  const onTheWall = 'must be a day of the calendar and a time of the clock, as `2030-01-31T09:00`'
  if (start === undefined) violations.push({ field: 'start', description: onTheWall })
  if (end === undefined) violations.push({ field: 'end', description: onTheWall })
  if (start === undefined || end === undefined) return violations
  if (end < start) return [{ field: 'end', description: 'must not be before start' }]
  const { recurrence } = timing
  const field = recurrence.case ?? 'once'
  const next = readNext(recurrence, start)
  if (typeof next === 'string') return [{ field, description: next }]
  const after = (local: LocalMs): LocalMs | undefined => {
    const found = next(Math.max(local, start - 1))
    return found === undefined || found > end ? undefined : found
  }
  try {
    if (after(start - 1) === undefined) return [{ field, description: 'never happens between start and end' }]
  } catch {
    return [{ field, description: 'never happens, as far as the next decades go' }]
  }
  return { after }
}

type Next = (after: LocalMs) => LocalMs | undefined

function readNext(recurrence: Timing['recurrence'], start: LocalMs): Next | string {
  switch (recurrence.case) {
    case 'cron':
      return readCron(recurrence.value)
    case 'rrule':
      return readRule(recurrence.value, start)
    default: {
      const once = parseLocal(recurrence.value ?? '')
      if (once === undefined)
        return 'must be a day of the calendar and a time of the clock, as `2030-01-31T09:00`'
      return (after) => (once > after ? once : undefined)
    }
  }
}

function readCron(expression: string): Next | string {
  try {
    const cron = new Cron(expression.trim(), { timezone: 'UTC', paused: true, mode: '5-part' })
    return (after) => cron.nextRun(new Date(after))?.getTime()
  } catch {
    return 'must be five fields of cron: minute, hour, day of month, month, day of week, as `0 9 * * MON`'
  }
}

/** What each part of a rule may be (RFC 5545 §3.3.10); parts that are not named here are refused. */
const PARTS: Readonly<Record<string, RegExp>> = {
  FREQ: /^(HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY)$/,
  INTERVAL: /^[1-9]\d{0,3}$/,
  COUNT: /^[1-9]\d{0,8}$/,
  UNTIL: /^\d{8}(T\d{6}Z?)?$/,
  BYMINUTE: list('[0-5]?\\d'),
  BYHOUR: list('1?\\d|2[0-3]'),
  BYDAY: list('([+-]?[1-9]\\d?)?(MO|TU|WE|TH|FR|SA|SU)'),
  BYMONTHDAY: list('-?([1-9]|[12]\\d|3[01])'),
  BYYEARDAY: list('-?[1-9]\\d{0,2}'),
  BYWEEKNO: list('-?([1-9]|[1-4]\\d|5[0-3])'),
  BYMONTH: list('[1-9]|1[0-2]'),
  BYSETPOS: list('-?[1-9]\\d{0,2}'),
  WKST: /^(MO|TU|WE|TH|FR|SA|SU)$/,
}

function list(item: string): RegExp {
  return new RegExp(`^(${item})(,(${item}))*$`)
}

function readRule(text: string, start: LocalMs): Next | string {
  const rule = text.trim().toUpperCase()
  for (const part of rule.split(';')) {
    const [name = '', value = '', ...more] = part.split('=')
    if (more.length > 0 || !Object.hasOwn(PARTS, name) || PARTS[name]?.test(value) !== true) {
      return `does not understand ${JSON.stringify(part.slice(0, 60))}: write a rule of RFC 5545, as FREQ=WEEKLY;BYDAY=MO`
    }
    if (name === 'COUNT' && Number(value) > MAX_COUNT) {
      return `has a COUNT of more than ${MAX_COUNT}: leave it out, and say maxOccurrences of the timing instead`
    }
  }
  const stamp = `${new Date(start).toISOString().replace(/[-:]|\.\d+/g, '')}`
  try {
    const parsed = new RRuleTemporal({
      rruleString: `DTSTART:${stamp}\nRRULE:${rule}`,
      maxIterations: MAX_ITERATIONS,
    })
    return (after) => parsed.next(new Date(after), false)?.epochMilliseconds
  } catch {
    return 'must be a rule of RFC 5545, as FREQ=WEEKLY;BYDAY=MO'
  }
}

/**
 * The occurrences in a zone after an instant, oldest first. Two times on the wall that are the same moment (both in the hour that a
 * change of clocks skips) are one occurrence.
 */
export function* occurrencesIn(recurrence: Recurrence, zone: string, afterMs: number): Generator<Occurrence> {
  // A time on the wall can be up to 26 hours from the same time of an instant.
  let local = recurrence.after(afterMs - 26 * 3_600_000)
  let previousMs = Number.NEGATIVE_INFINITY
  while (local !== undefined) {
    const timeMs = toInstant(local, zone)
    if (timeMs > afterMs && timeMs !== previousMs) yield { local, timeMs }
    previousMs = timeMs
    local = recurrence.after(local)
  }
}
