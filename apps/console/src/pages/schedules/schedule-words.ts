import type { MessageInitShape } from '@bufbuild/protobuf'
import {
  type Schedule,
  ScheduleState,
  type Timing,
  type TimingSchema,
} from '@mainstay/proto/notify/v1/schedules'
import type { Tone } from '../../components/state-mark/state-mark.tsx'

export const stateWords: ReadonlyMap<ScheduleState, { word: string; tone: Tone }> = new Map([
  [ScheduleState.ACTIVE, { word: 'Active', tone: 'ok' }],
  [ScheduleState.PAUSED, { word: 'Paused', tone: 'warn' }],
  [ScheduleState.ENDED, { word: 'Ended', tone: 'quiet' }],
])

/** `0 9 * * MON, Europe/Berlin`. */
export function timingWords(timing: Timing | undefined): string {
  if (timing === undefined) return ''
  const zone = timing.recipientTimezone ? 'each recipient’s own time' : timing.timezone || 'UTC'
  return `${(timing.recurrence.value ?? '').replace('T', ' ')}, ${zone}`
}

export function audienceWords({ audience, action }: Schedule): string {
  if (audience.case === 'topic') return `Topic ${audience.value}`
  if (audience.case === 'segment') return `Segment ${audience.value}`
  const target = action.value?.to?.target
  return typeof target?.value === 'string' ? target.value : 'Nobody'
}

export interface TimingFields {
  kind: 'cron' | 'rrule' | 'once'
  /** A cron expression, a rule, or a time of the clock. */
  when: string
  timezone: string
  recipientTimezone: boolean
}

export function toTiming({
  kind,
  when,
  timezone,
  recipientTimezone,
}: TimingFields): MessageInitShape<typeof TimingSchema> {
  return { recurrence: { case: kind, value: when.trim() }, timezone: timezone.trim(), recipientTimezone }
}
