import { type Clock, type Db, type Executor, type Logger, type Tx, toAppError } from '@mainstay/kernel'
import { MisfirePolicy, type Schedule, ScheduleState } from '@mainstay/proto/notify/v1/schedules'
import { type LocalMs, toInstant } from './local-time.ts'
import { type Recurrence, readRecurrence } from './recurrence.ts'
import { findTimezone, findTimezones } from './run-store.ts'
import { readSpec } from './spec.ts'
import {
  insertRuns,
  lockDueSchedules,
  moveOn,
  type PlannedRun,
  postponePlanning,
  type ScheduleRow,
} from './store.ts'

/** Later than this, nobody was there for an occurrence. */
export const GRACE_MS = 60_000

/** The first zone of the world to see a time on its wall is 14 hours ahead of UTC. */
const EARLIEST_MS = 14 * 3_600_000

const BATCH = 20

/** How soon a schedule that could not be planned is looked at again. */
const RETRY_MS = 60_000

/** What of a long downtime is looked at, from its end. */
const MOST_MISSED = 1000

/** When an occurrence is to be planned: when it happens, or when it happens somewhere first. */
export function planTimeMs({ recipientTimezone, timezone }: Zones, local: LocalMs): number {
  return recipientTimezone ? local - EARLIEST_MS : toInstant(local, timezone)
}

/** The part of a timing that says whose clock counts. */
export interface Zones {
  timezone: string
  recipientTimezone: boolean
}

/** The next occurrence after a time on the wall whose planning is not over; undefined: none. */
export function nextToPlan(
  recurrence: Recurrence,
  zones: Zones,
  after: LocalMs,
): { local: LocalMs; timeMs: number } | undefined {
  const local = recurrence.after(after)
  return local === undefined ? undefined : { local, timeMs: planTimeMs(zones, local) }
}

/**
 * Plans the occurrences that are due: writes a run for each and moves the schedules on, in one commit, so that each is planned once,
 * by one process. Returns how many schedules it looked at.
 */
export async function planDue({ db, clock, logger }: PlannerDeps): Promise<number> {
  return db.transaction(async (tx) => {
    const rows = await lockDueSchedules(tx, clock.now(), BATCH)
    for (const row of rows) {
      try {
        await tx.savepoint(() => plan(tx, row, clock.nowMs()))
      } catch (err) {
        // It comes back later: the others go on without it.
        const { scheduleId } = row
        logger.error({ err, scheduleId }, 'a schedule could not be planned; trying again')
        const again = new Date(clock.nowMs() + RETRY_MS)
        await postponePlanning(tx, row, again, `It could not be planned: ${toAppError(err).message}`)
      }
    }
    return rows.length
  })
}

export interface PlannerDeps {
  db: Db
  clock: Clock
  logger: Pick<Logger, 'error'>
}

async function plan(tx: Tx, row: ScheduleRow, nowMs: number): Promise<void> {
  const schedule = readSpec(row.spec)
  const { timing } = schedule
  const recurrence = timing === undefined ? [] : readRecurrence(timing, row.anchorLocal)
  if (timing === undefined || Array.isArray(recurrence)) {
    const why = Array.isArray(recurrence)
      ? recurrence.map((one) => one.description).join('; ')
      : 'it has no timing'
    return moveOn(tx, row, ended(row, `It cannot go on: ${why}`))
  }
  const left =
    timing.maxOccurrences === 0 ? Number.POSITIVE_INFINITY : timing.maxOccurrences - row.occurrenceCount
  const { due, next } = collect(recurrence, timing, row.nextLocal ?? 0, nowMs)
  const all = await toRuns(tx, row, schedule, due)
  const runs = all.filter((run, index) => isWanted(run, all.slice(index + 1), row, nowMs))
  const happening = [...new Set(runs.map((run) => run.occurrence))].slice(0, left)
  const kept = runs.filter((run) => happening.includes(run.occurrence))
  if (kept.length > 0) await insertRuns(tx, row, kept)
  const isOver = next === undefined || happening.length >= left
  await moveOn(tx, row, {
    lastLocal: due.at(-1) ?? row.lastLocal,
    nextLocal: isOver ? null : next,
    nextTime: isOver ? null : new Date(planTimeMs(timing, next)),
    happened: happening.length,
    state: isOver ? ScheduleState.ENDED : row.state,
    error: null,
  })
}

function ended(row: ScheduleRow, error: string) {
  const never = { nextLocal: null, nextTime: null }
  return { ...never, lastLocal: row.lastLocal, happened: 0, state: ScheduleState.ENDED, error }
}

/** The occurrences whose planning is due, from the one that was expected on, and the first that is not. */
function collect(
  recurrence: Recurrence,
  zones: Zones,
  first: LocalMs,
  nowMs: number,
): { due: LocalMs[]; next: LocalMs | undefined } {
  const due: LocalMs[] = []
  let next: LocalMs | undefined = first
  while (next !== undefined && planTimeMs(zones, next) <= nowMs) {
    due.push(next)
    if (due.length > MOST_MISSED) due.shift()
    next = recurrence.after(next)
  }
  return { due, next }
}

/** Each occurrence in each zone that it happens in; those that are one moment in a zone, once. */
async function toRuns(
  executor: Executor,
  row: ScheduleRow,
  schedule: Schedule,
  due: readonly LocalMs[],
): Promise<PlannedRun[]> {
  const { recipientTimezone = false, timezone = 'UTC' } = schedule.timing ?? {}
  const zones = recipientTimezone ? await zonesOf(executor, row.projectId, schedule, timezone) : [timezone]
  return zones.flatMap((zone) => {
    let previousMs = row.lastLocal === null ? Number.NEGATIVE_INFINITY : toInstant(row.lastLocal, zone)
    return due.flatMap((occurrence) => {
      const dueMs = toInstant(occurrence, zone)
      const isSame = dueMs === previousMs
      previousMs = dueMs
      return isSame ? [] : [{ occurrence, timezone: recipientTimezone ? zone : '', dueMs }]
    })
  })
}

async function zonesOf(
  executor: Executor,
  projectId: string,
  { action, audience }: Schedule,
  defaultTimezone: string,
): Promise<string[]> {
  if (audience.case !== undefined) {
    return [...new Set([defaultTimezone, ...(await findTimezones(executor, projectId))])]
  }
  const target = action.value?.to?.target
  const own =
    target?.case === 'recipientId' ? await findTimezone(executor, projectId, target.value) : undefined
  return [own ?? defaultTimezone]
}

/** What the schedule's policy says of a run that is late, and nothing of before it was active. */
function isWanted(
  { dueMs, timezone }: PlannedRun,
  later: readonly PlannedRun[],
  { misfirePolicy, activeSince }: ScheduleRow,
  nowMs: number,
): boolean {
  if (dueMs < activeSince.getTime()) return false
  if (dueMs >= nowMs - GRACE_MS || misfirePolicy === MisfirePolicy.ALL) return true
  if (misfirePolicy === MisfirePolicy.SKIP) return false
  return !later.some((other) => other.timezone === timezone && other.dueMs <= nowMs)
}
