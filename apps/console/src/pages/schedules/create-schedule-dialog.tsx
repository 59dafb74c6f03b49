import { Schedules } from '@mainstay/proto/notify/v1/schedules'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { serviceOf } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Checkbox } from '../../components/field/checkbox.tsx'
import { Field } from '../../components/field/field.tsx'
import { Select, TextInput } from '../../components/field/inputs.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { ActionFields } from './action-fields.tsx'
import { NextOccurrences } from './next-occurrences.tsx'
import { emptySchedule, required, type ScheduleFields, toSchedule } from './schedule-fields.ts'

const kinds: Record<ScheduleFields['kind'], { word: string; help: string }> = {
  cron: { word: 'By cron', help: 'Minute, hour, day of month, month, day of week: 0 9 * * MON' },
  rrule: { word: 'By a rule (RFC 5545)', help: 'FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=9;BYMINUTE=0' },
  once: { word: 'Once', help: 'A time of the clock: 2030-01-31T09:00' },
}

const targets: Record<ScheduleFields['to'], string> = {
  email: 'An email address',
  recipientId: 'A recipient, by id',
  topic: 'A topic',
  segment: 'A segment',
}

/** Makes a schedule, and shows meanwhile when it would happen. */
export function CreateScheduleDialog({ onClose }: { onClose: () => void }) {
  const formId = useId()
  const queries = useQueryClient()
  const form = useForm<ScheduleFields>({ defaultValues: emptySchedule() })
  const { errors } = form.formState
  const fields = form.watch()
  const add = useMutation({
    mutationFn: (given: ScheduleFields) =>
      serviceOf(Schedules).createSchedule({ schedule: toSchedule(given) }),
    async onSuccess({ displayName }) {
      await queries.invalidateQueries({ queryKey: ['schedules'] })
      toast.success(`${displayName} is scheduled.`)
      onClose()
    },
    onError: (error) => setViolations(error, 'schedule', form, RENAMED),
  })
  return (
    <Dialog open onOpenChange={onClose} title="Create a schedule">
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((given) => add.mutate(given))}
        >
          <Field label="Name" error={errors.displayName?.message}>
            {(control) => (
              <TextInput
                {...control}
                autoComplete="off"
                {...form.register('displayName', required('Give it a name.'))}
              />
            )}
          </Field>
          <Field label="How often">
            {(control) => (
              <Select {...control} {...form.register('kind')}>
                {Object.entries(kinds).map(([kind, { word }]) => (
                  <option key={kind} value={kind}>
                    {word}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label="When" help={kinds[fields.kind].help} error={errors.when?.message}>
            {(control) => (
              <TextInput
                {...control}
                mono
                autoComplete="off"
                spellCheck={false}
                {...form.register('when', required('Say when.'))}
              />
            )}
          </Field>
          <Field label="Time zone" help="Such as Europe/Berlin." error={errors.timezone?.message}>
            {(control) => (
              <TextInput {...control} autoComplete="off" spellCheck={false} {...form.register('timezone')} />
            )}
          </Field>
          <Checkbox
            checked={fields.recipientTimezone}
            onChange={(on) => form.setValue('recipientTimezone', on)}
            label="At this time where each recipient lives"
            help="The time zone above is then for recipients without one."
          />
          <NextOccurrences fields={fields} />
          <Field label="To">
            {(control) => (
              <Select {...control} {...form.register('to')}>
                {Object.entries(targets).map(([target, word]) => (
                  <option key={target} value={target}>
                    {word}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label={targets[fields.to]} error={errors.whom?.message}>
            {(control) => (
              <TextInput
                {...control}
                autoComplete="off"
                spellCheck={false}
                {...form.register('whom', required('Say to whom.'))}
              />
            )}
          </Field>
          <ActionFields form={form} />
          {add.error && <FailureNote error={add.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" form={formId} busy={add.isPending}>
          Create schedule
        </Button>
      </DialogButtons>
    </Dialog>
  )
}

/** The form's names of fields of the contract. */
const RENAMED = {
  ...{
    cron: 'when',
    rrule: 'when',
    once: 'when',
    email: 'whom',
    recipientId: 'whom',
    topic: 'whom',
    segment: 'whom',
    name: 'template',
  },
}
