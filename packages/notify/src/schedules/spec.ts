import {
  create,
  type DescMessage,
  fromJson,
  type JsonValue,
  type MessageShape,
  toJson,
} from '@bufbuild/protobuf'
import { type AppError, AppError as AppErrorClass, appError, type FieldViolation } from '@mainstay/kernel'
import { type SendNotificationRequest, SendNotificationRequestSchema } from '@mainstay/proto/notify/v1'
import { type Schedule, ScheduleSchema, TimingSchema } from '@mainstay/proto/notify/v1/schedules'
import { type StartWorkflowRequest, StartWorkflowRequestSchema } from '@mainstay/proto/notify/v1/workflows'
import { requestReader } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import type { Timezones } from '../recipients/timezones.ts'
import { type LocalMs, parseLocal, toInstant } from './local-time.ts'
import { readRecurrence } from './recurrence.ts'

/** What a schedule is about: the part of the contract that is stored as it was written. */
export type Spec = Pick<Schedule, 'timing' | 'audience' | 'action'>

const readNotification = requestReader(SendNotificationRequestSchema)
const readWorkflow = requestReader(StartWorkflowRequestSchema)
const readSchedule = requestReader(ScheduleSchema)

export function specJson({ timing, audience, action }: Spec): JsonValue {
  return toJson(ScheduleSchema, create(ScheduleSchema, { audience, action, ...(timing && { timing }) }))
}

export function readSpec(json: unknown): Schedule {
  return fromJson(ScheduleSchema, json as JsonValue, { ignoreUnknownFields: true })
}

/** Throws `notify.request_invalid` with every field that is wrong; gives the time zone its own spelling. */
export async function checkSpec(
  schedule: Schedule,
  { anchor, nowMs, timezones }: { anchor: LocalMs; nowMs: number; timezones: Timezones },
): Promise<void> {
  const violations = [
    ...(await checkTiming(schedule, 'schedule.timing', timezones)),
    ...checkAction(schedule),
    ...(schedule.displayName.trim() === ''
      ? [{ field: 'schedule.displayName', description: 'must not be empty' }]
      : []),
  ]
  if (violations.length === 0) {
    // A change comes with the fields that it changes only, so that the whole is looked at here.
    const { displayName, timing, audience, action, misfirePolicy } = schedule
    const whole = create(ScheduleSchema, {
      ...{ displayName, audience, action, misfirePolicy },
      ...(timing && { timing }),
    })
    violations.push(...violationsOf(() => readSchedule(jsonOf(ScheduleSchema, whole)), 'schedule'))
  }
  if (violations.length > 0) throw scheduleInvalid(violations)
  const timing = schedule.timing ?? create(TimingSchema)
  const recurrence = readRecurrence(timing, anchor)
  if (Array.isArray(recurrence)) {
    throw scheduleInvalid(
      recurrence.map(({ field, description }) => ({ field: `schedule.timing.${field}`, description })),
    )
  }
  if (timing.recurrence.case !== 'once') return
  // The last zone of the world to see a time on its wall is 12 hours behind UTC.
  const zone = timing.recipientTimezone ? 'Etc/GMT+12' : timing.timezone
  if (toInstant(parseLocal(timing.recurrence.value) ?? 0, zone) > nowMs) return
  throw scheduleInvalid([{ field: 'schedule.timing.once', description: 'must not lie in the past' }])
}

/** Checks the time zone, and gives it its own spelling. */
export async function checkTiming(
  { timing }: Pick<Schedule, 'timing'>,
  field: string,
  timezones: Timezones,
): Promise<FieldViolation[]> {
  if (timing === undefined) return [{ field, description: 'must be set' }]
  const zone = await timezones.find(timing.timezone || 'UTC')
  if (zone === undefined) {
    return [
      { field: `${field}.timezone`, description: 'must be a time zone of IANA, such as `Europe/Berlin`' },
    ]
  }
  timing.timezone = zone
  return []
}

function checkAction({ action, audience }: Schedule): FieldViolation[] {
  if (action.case === undefined) {
    return [{ field: 'schedule.notification', description: 'set a notification or a workflow' }]
  }
  const at = `schedule.${action.case}`
  const { value } = action
  const violations: FieldViolation[] = []
  const mine = (field: string): void => {
    violations.push({ field: `${at}.${field}`, description: 'must be unset: it follows from the occurrence' })
  }
  if (value.dedupeKey !== '') mine('dedupeKey')
  if (action.case === 'notification') {
    const { sendTime, attachments, content } = action.value
    if (sendTime !== undefined) mine('sendTime')
    const files = content.case === 'email' ? content.value.attachments : []
    if (attachments.length + files.length > 0) {
      violations.push({
        field: `${at}.attachments`,
        description: 'a schedule carries no files: link to them',
      })
    }
  }
  if (audience.case !== undefined && value.to !== undefined) {
    const description = `must be unset: the schedule says to whom, by its ${audience.case}`
    violations.push({ field: `${at}.to`, description })
  }
  if (violations.length > 0) return violations
  return violationsOf(() => toRequest(action, audience.case === undefined ? undefined : 'somebody'), at)
}

/** What the rules of the contract say against what is read, as if it came by itself. */
function violationsOf(read: () => unknown, at: string): FieldViolation[] {
  try {
    read()
    return []
  } catch (error) {
    if (!(error instanceof AppErrorClass) || error.violations.length === 0) throw error
    return error.violations.map(({ field, description }) => ({ field: `${at}.${field}`, description }))
  }
}

/** What a schedule asks for, for one recipient of its audience; undefined: for whom the action names. */
export function toRequest(
  action: Exclude<Schedule['action'], { case: undefined }>,
  recipientId: string | undefined,
):
  | { case: 'notification'; value: SendNotificationRequest }
  | { case: 'workflow'; value: StartWorkflowRequest } {
  const to = recipientId === undefined ? {} : { to: { recipientId } }
  if (action.case === 'notification') {
    const json = jsonOf(SendNotificationRequestSchema, action.value, to)
    return { case: 'notification', value: readNotification(json) as SendNotificationRequest }
  }
  const json = jsonOf(StartWorkflowRequestSchema, action.value, to)
  return { case: 'workflow', value: readWorkflow(json) as StartWorkflowRequest }
}

function jsonOf<M extends DescMessage>(schema: M, message: MessageShape<M>, more: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ ...(toJson(schema, message) as object), ...more }))
}

export function scheduleInvalid(violations: readonly FieldViolation[]): AppError {
  return appError(reasons, 'notify.request_invalid', 'The schedule cannot be like this: see the details.', {
    violations,
  })
}
