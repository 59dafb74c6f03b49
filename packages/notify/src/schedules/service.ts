import { recordAudit } from '@mainstay/access'
import {
  type AppError,
  appError,
  type Clock,
  type Db,
  fromTypeId,
  newId,
  type Tx,
  toTypeId,
} from '@mainstay/kernel'
import { MisfirePolicy, type Schedule, ScheduleState, type Timing } from '@mainstay/proto/notify/v1/schedules'
import type { CallContext } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import type { Timezones } from '../recipients/timezones.ts'
import { type LocalMs, toLocal } from './local-time.ts'
import { nextToPlan } from './planner.ts'
import { type Occurrence, occurrencesIn, type Recurrence, readRecurrence } from './recurrence.ts'
import { checkSpec, checkTiming, readSpec, scheduleInvalid, specJson } from './spec.ts'
import {
  deleteSchedule,
  deleteWaitingRuns,
  findSchedule,
  insertSchedule,
  listSchedules,
  type ScheduleChange,
  type ScheduleRow,
  updateSchedule,
} from './store.ts'

export interface SchedulesDeps {
  db: Db
  clock: Clock
  timezones: Timezones
  /** Called once a schedule was made or changed. */
  onChanged(): void
}

export type Schedules = ReturnType<typeof createSchedules>

/** As far as the walls of two zones are apart at the most. */
const YOUNGEST_MS = 26 * 3_600_000

const CHANGEABLE: ReadonlySet<string> = new Set([
  ...['state', 'display_name', 'timing', 'topic', 'segment', 'notification', 'workflow', 'misfire_policy'],
])

export function createSchedules({ db, clock, timezones, onChanged }: SchedulesDeps) {
  async function change<T>(
    ctx: CallContext,
    act: string,
    fn: (tx: Tx) => Promise<{ id: string; result: T }>,
  ): Promise<T> {
    const run = async (tx: Tx): Promise<T> => {
      const { id, result } = await fn(tx)
      const who = { actor: ctx.caller.id, requestId: ctx.requestId, tx }
      const what = { action: `notify.schedules.${act}`, resource: toTypeId('sch', id) }
      await recordAudit(tx, clock, who, { projectId: ctx.projectId, ...what })
      tx.afterCommit(onChanged)
      return result
    }
    return ctx.tx === undefined ? db.transaction(run) : run(ctx.tx)
  }

  async function get(ctx: CallContext, text: string, lockedBy?: Tx): Promise<ScheduleRow> {
    const id = fromTypeId('sch', text)
    const executor = lockedBy ?? ctx.tx ?? db
    const row =
      id === undefined ? undefined : await findSchedule(executor, ctx.projectId, id, lockedBy !== undefined)
    // A test key knows nothing of what is live, and sees nothing of it.
    if (row === undefined || (ctx.caller.testMode && row.live)) throw notFound(text)
    return row
  }

  /** What the wall shows now in the time zone of a timing. */
  const wall = (timing: Timing | undefined): LocalMs =>
    Math.floor(toLocal(clock.nowMs(), timing?.timezone || 'UTC') / 60_000) * 60_000

  /** Where a timing without a start begins. At recipients' own times that is where the day is youngest. */
  const anchorFor = (timing: Timing | undefined): LocalMs =>
    timing?.recipientTimezone && timing.recurrence.case !== 'rrule'
      ? wall(timing) - YOUNGEST_MS
      : wall(timing)

  async function checked(
    schedule: Schedule,
    anchorOf?: LocalMs,
  ): Promise<{ anchor: LocalMs; recurrence: Recurrence }> {
    const violations = await checkTiming(schedule, 'schedule.timing', timezones)
    if (violations.length > 0) throw scheduleInvalid(violations)
    const anchor = anchorOf ?? anchorFor(schedule.timing)
    await checkSpec(schedule, { anchor, nowMs: clock.nowMs(), timezones })
    const recurrence = readRecurrence(schedule.timing as Timing, anchor)
    if (Array.isArray(recurrence)) throw new TypeError('A checked timing is read again')
    return { anchor, recurrence }
  }

  /** Where a schedule stands that begins, or begins again, now. */
  function begin(
    schedule: Schedule,
    { anchor, recurrence }: { anchor: LocalMs; recurrence: Recurrence },
  ): ScheduleChange {
    const timing = schedule.timing as Timing
    const isPaused = schedule.state === ScheduleState.PAUSED
    // At recipients' own times the day has begun elsewhere: what is still to come somewhere is planned.
    const from = timing.recipientTimezone
      ? wall(timing) - YOUNGEST_MS
      : toLocal(clock.nowMs(), timing.timezone)
    const next = nextToPlan(recurrence, timing, from)
    return {
      displayName: schedule.displayName.trim(),
      spec: specJson(schedule),
      state:
        next === undefined ? ScheduleState.ENDED : isPaused ? ScheduleState.PAUSED : ScheduleState.ACTIVE,
      misfirePolicy: schedule.misfirePolicy || MisfirePolicy.LATEST,
      anchorLocal: anchor,
      activeSince: clock.now(),
      lastLocal: null,
      nextLocal: next?.local ?? null,
      nextTime: next === undefined || isPaused ? null : new Date(next.timeMs),
    }
  }

  return {
    get: (ctx: CallContext, scheduleId: string) => get(ctx, scheduleId),

    list: (ctx: CallContext, before: string | null, limit: number): Promise<ScheduleRow[]> =>
      listSchedules(ctx.tx ?? db, ctx.projectId, { live: !ctx.caller.testMode, before, limit }),

    async create(ctx: CallContext, schedule: Schedule): Promise<ScheduleRow> {
      if (schedule.state === ScheduleState.ENDED) throw scheduleInvalid([STATE])
      const begun = begin(schedule, await checked(schedule))
      const { projectId, caller } = ctx
      return change(ctx, 'create', async (tx) => {
        const key = { projectId, scheduleId: newId(clock), live: !caller.testMode, actor: caller.id }
        return { id: key.scheduleId, result: await insertSchedule(tx, key, begun, clock.now()) }
      })
    },

    async update(ctx: CallContext, wanted: Schedule, paths: readonly string[]): Promise<ScheduleRow> {
      const unknown = paths.find((path) => !CHANGEABLE.has(path))
      if (unknown !== undefined || paths.length === 0) {
        const description =
          unknown === undefined ? 'names no field' : `\`${unknown}\` is no field that can be changed`
        throw scheduleInvalid([{ field: 'updateMask', description }])
      }
      if (paths.includes('state') && !WRITABLE.has(wanted.state)) throw scheduleInvalid([STATE])
      return change(ctx, 'update', async (tx) => {
        const row = await get(ctx, wanted.scheduleId, tx)
        if (wanted.etag !== '' && wanted.etag !== String(row.version)) throw etagMismatch()
        const merged = merge(row, wanted, paths)
        const isNewTiming = paths.includes('timing')
        const read = await checked(merged, isNewTiming ? undefined : row.anchorLocal)
        const begun = begin(merged, read)
        const goesOn = !isNewTiming && !paths.includes('state')
        // A change of words leaves the times as they are; all else begins anew from now.
        const kept = goesOn ? keepTimes(row) : {}
        if (!goesOn) await deleteWaitingRuns(tx, row.projectId, row.scheduleId)
        return {
          id: row.scheduleId,
          result: await updateSchedule(tx, row, { ...begun, ...kept }, clock.now()),
        }
      })
    },

    async delete(ctx: CallContext, scheduleId: string): Promise<void> {
      await change(ctx, 'delete', async (tx) => {
        const row = await get(ctx, scheduleId, tx)
        await deleteSchedule(tx, row.projectId, row.scheduleId)
        return { id: row.scheduleId, result: undefined }
      })
    },

    async preview(timing: Timing, count: number): Promise<Occurrence[]> {
      const violations = await checkTiming({ timing }, 'timing', timezones)
      if (violations.length > 0) throw scheduleInvalid(violations)
      const recurrence = readRecurrence(timing, wall(timing))
      if (Array.isArray(recurrence)) {
        throw scheduleInvalid(
          recurrence.map(({ field, description }) => ({ field: `timing.${field}`, description })),
        )
      }
      const most = timing.maxOccurrences === 0 ? count : Math.min(count, timing.maxOccurrences)
      const found: Occurrence[] = []
      for (const one of occurrencesIn(recurrence, timing.timezone, clock.nowMs())) {
        if (found.push(one) === most) break
      }
      return found
    },
  }
}

const STATE = {
  field: 'schedule.state',
  description: 'must be SCHEDULE_STATE_ACTIVE or SCHEDULE_STATE_PAUSED',
}
const WRITABLE: ReadonlySet<number> = new Set([ScheduleState.ACTIVE, ScheduleState.PAUSED])

function keepTimes(row: ScheduleRow) {
  const { state, anchorLocal, activeSince, lastLocal, nextLocal, nextTime } = row
  return { state, anchorLocal, activeSince, lastLocal, nextLocal, nextTime }
}

/** The schedule as it is, with the fields that a mask names as they are wanted. */
function merge(row: ScheduleRow, wanted: Schedule, paths: readonly string[]): Schedule {
  const current = readSpec(row.spec)
  const has = (...names: string[]): boolean => names.some((name) => paths.includes(name))
  const timing = has('timing') ? wanted.timing : current.timing
  return {
    ...current,
    ...(timing !== undefined && { timing }),
    displayName: has('display_name') ? wanted.displayName : row.displayName,
    audience: has('topic', 'segment') ? wanted.audience : current.audience,
    action: has('notification', 'workflow') ? wanted.action : current.action,
    misfirePolicy: has('misfire_policy') ? wanted.misfirePolicy : row.misfirePolicy,
    state: has('state') ? wanted.state : row.state,
  }
}

function notFound(scheduleId: string): AppError {
  return appError(reasons, 'notify.schedule_not_found', `There is no schedule ${scheduleId} in this project.`)
}

function etagMismatch(): AppError {
  return appError(
    reasons,
    'notify.etag_mismatch',
    'The schedule was changed since you read it. Read it again, and repeat your change if it still makes sense.',
  )
}
