import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf'
import type { ScheduleSchema } from '@mainstay/proto/notify/v1/schedules'
import { type TimingFields, toTiming } from './schedule-words.ts'

/** What the form holds. */
export interface ScheduleFields extends TimingFields {
  displayName: string
  to: 'email' | 'recipientId' | 'topic' | 'segment'
  whom: string
  /** What happens each time. */
  what: 'email' | 'template' | 'workflow'
  subject: string
  text: string
  template: string
  workflow: string
  /** A JSON object, for the template or the workflow. */
  data: string
}

/** A rule for a field that must say something. */
export const required = (message: string) => ({
  validate: (value: string) => value.trim() !== '' || message,
})

export function emptySchedule(): ScheduleFields {
  return {
    ...{ displayName: '', kind: 'cron', when: '0 9 * * MON', recipientTimezone: false },
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...{
      to: 'email',
      whom: '',
      what: 'email',
      subject: '',
      text: '',
      template: '',
      workflow: '',
      data: '{}',
    },
  }
}

export function toSchedule(fields: ScheduleFields): MessageInitShape<typeof ScheduleSchema> {
  const { to } = fields
  const whom = fields.whom.trim()
  const isAudience = to === 'topic' || to === 'segment'
  return {
    displayName: fields.displayName.trim(),
    timing: toTiming(fields),
    ...(isAudience && { audience: { case: to, value: whom } }),
    action: toAction(fields, isAudience ? {} : { to: { target: { case: to, value: whom } } }),
  }
}

type Action = NonNullable<MessageInitShape<typeof ScheduleSchema>['action']>

function toAction(
  { what, subject, text, template, workflow, data }: ScheduleFields,
  target: { to?: { target: { case: 'email' | 'recipientId'; value: string } } },
): Action {
  if (what === 'workflow') {
    return { case: 'workflow', value: { ...target, workflow, data: JSON.parse(data) as JsonObject } }
  }
  const content =
    what === 'template'
      ? ({
          content: { case: 'template', value: { name: template } },
          data: JSON.parse(data) as JsonObject,
        } as const)
      : ({ content: { case: 'email', value: { subject: subject.trim(), text } } } as const)
  return { case: 'notification', value: { ...target, ...content } }
}
