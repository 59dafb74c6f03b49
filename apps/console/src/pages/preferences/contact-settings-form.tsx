import { MessageClass } from '@mainstay/proto/notify/v1'
import { type ContactSettings, Preferences } from '@mainstay/proto/notify/v1/preferences'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { type UseFormReturn, useFieldArray, useForm } from 'react-hook-form'
import { serviceOf } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { cx } from '../../class-names.ts'
import { Button } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { Checkbox } from '../../components/field/checkbox.tsx'
import { Field } from '../../components/field/field.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import { Card, Section } from '../../components/page/page.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { CapFields, readCap } from './cap-fields.tsx'
import { useContactSettings } from './use-preferences.ts'
import { weekdays } from './words.ts'

interface Fields {
  timezone: string
  quietHours: { start: string; end: string; days: number[] }[]
  transactionalExempt: boolean
  perDay: string
  perWeek: string
}

/** When nobody is told anything, and how much one person is told over all categories. */
export function ContactSettingsForm() {
  const settings = useContactSettings()
  return (
    <Section title="Quiet hours and caps over all categories">
      {settings.isError && !settings.data ? (
        <FailureState error={settings.error} onRetry={() => void settings.refetch()} />
      ) : settings.data ? (
        <LoadedForm key={settings.data.etag} settings={settings.data} />
      ) : (
        <Card className="flex flex-col gap-4 p-4">
          <Loading what="quiet hours" />
          <Skeleton className="w-1/2" />
          <Skeleton className="w-2/3" />
        </Card>
      )}
    </Section>
  )
}

function LoadedForm({ settings }: { settings: ContactSettings }) {
  const queries = useQueryClient()
  const form = useForm<Fields>({ defaultValues: fieldsOf(settings) })
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: ({ timezone, quietHours, transactionalExempt, perDay, perWeek }: Fields) => {
      const cap = readCap(perDay, perWeek)
      const others = settings.quietExemptClasses.filter((one) => one !== MessageClass.TRANSACTIONAL)
      return serviceOf(Preferences, 'live').updateContactSettings({
        contactSettings: {
          timezone: timezone.trim(),
          quietHours,
          quietExemptClasses: transactionalExempt ? [...others, MessageClass.TRANSACTIONAL] : others,
          etag: settings.etag,
          ...(cap && { cap }),
        },
      })
    },
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['contact-settings'] })
      toast.success('Saved. It holds for what is sent from now on, live and test.')
    },
    onError: (error) => setViolations(error, 'contactSettings', form),
  })
  return (
    <Card>
      <form
        noValidate
        className="flex flex-col gap-5 p-4"
        onSubmit={form.handleSubmit((fields) => save.mutate(fields))}
      >
        <Windows form={form} />
        <div className="grid max-w-3xl gap-4 md:grid-cols-2">
          <Field label="Time zone" help="Of people whose own is not known." error={errors.timezone?.message}>
            {(control) => (
              <TextInput
                {...control}
                autoComplete="off"
                spellCheck={false}
                placeholder="Europe/Berlin"
                {...form.register('timezone')}
              />
            )}
          </Field>
          <CapFields form={form} />
        </div>
        <Checkbox
          label="Transactional messages do not wait"
          help="One-time codes never do. The inbox and webhooks make no noise, and do not wait either."
          checked={form.watch('transactionalExempt')}
          onChange={(on) => form.setValue('transactionalExempt', on)}
        />
        {save.error && <FailureNote error={save.error} />}
        <Button kind="primary" type="submit" className="self-start" busy={save.isPending}>
          Save quiet hours and caps
        </Button>
      </form>
    </Card>
  )
}

function Windows({ form }: { form: UseFormReturn<Fields> }) {
  const { fields, append, remove } = useFieldArray({ control: form.control, name: 'quietHours' })
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-1 text-sm font-medium">Quiet hours</legend>
      <p className="text-xs text-ink-3">
        By each person’s own clock. What falls into them is sent when they end.
      </p>
      {fields.map((field, index) => (
        <div key={field.id} className="flex flex-wrap items-center gap-x-3 gap-y-2">
          <TextInput
            type="time"
            aria-label={`Quiet hours ${index + 1} from`}
            className="tabular max-w-32"
            {...form.register(`quietHours.${index}.start`, { required: true })}
          />
          <span className="text-sm text-ink-2">to</span>
          <TextInput
            type="time"
            aria-label={`Quiet hours ${index + 1} to`}
            className="tabular max-w-32"
            {...form.register(`quietHours.${index}.end`, { required: true })}
          />
          <Days form={form} index={index} />
          <Button
            kind="ghost"
            size="sm"
            onClick={() => remove(index)}
            aria-label={`Remove quiet hours ${index + 1}`}
          >
            <X aria-hidden />
          </Button>
        </div>
      ))}
      {fields.length < 7 && (
        <Button
          className="self-start"
          size="sm"
          onClick={() => append({ start: '22:00', end: '07:00', days: [] })}
        >
          <Plus aria-hidden />
          Add quiet hours
        </Button>
      )}
    </fieldset>
  )
}

/** On which days they begin; all pressed and none pressed are the same. */
function Days({ form, index }: { form: UseFormReturn<Fields>; index: number }) {
  const name = `quietHours.${index}.days` as const
  const days = form.watch(name)
  const isOn = (day: number): boolean => days.length === 0 || days.includes(day)
  function toggle(day: number): void {
    const all = weekdays.map((_, at) => at + 1)
    const next = all.filter((one) => (one === day ? !isOn(one) : isOn(one)))
    form.setValue(name, next.length === all.length ? [] : next)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset in a fieldset's row would break its line
    <div role="group" aria-label={`Days on which quiet hours ${index + 1} begin`} className="flex gap-1">
      {weekdays.map((word, at) => (
        <button
          key={word}
          type="button"
          aria-pressed={isOn(at + 1)}
          onClick={() => toggle(at + 1)}
          className={cx(
            'h-7 min-w-9 rounded-md border px-1.5 text-xs',
            isOn(at + 1)
              ? 'border-accent bg-selected font-medium text-ink'
              : 'border-line text-ink-3 hover:bg-hover',
          )}
        >
          {word}
        </button>
      ))}
    </div>
  )
}

function fieldsOf({ timezone, quietHours, quietExemptClasses, cap }: ContactSettings): Fields {
  const { perDay = 0, perWeek = 0 } = cap ?? {}
  return {
    timezone,
    quietHours: quietHours.map(({ start, end, days }) => ({ start, end, days })),
    transactionalExempt: quietExemptClasses.includes(MessageClass.TRANSACTIONAL),
    perDay: perDay === 0 ? '' : String(perDay),
    perWeek: perWeek === 0 ? '' : String(perWeek),
  }
}
