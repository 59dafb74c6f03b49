import type { UseFormReturn } from 'react-hook-form'
import { Checkbox } from '../../components/field/checkbox.tsx'
import { Field } from '../../components/field/field.tsx'
import { Select, TextInput } from '../../components/field/inputs.tsx'
import type { CampaignFields } from './campaign-fields.ts'
import { usePicks } from './use-picks.ts'

/** When it starts, how fast it goes, and in which hours people get it. */
export function TimeFields({ form }: { form: UseFormReturn<CampaignFields> }) {
  const { hasWindow } = form.watch()
  const { errors } = form.formState
  const categories = usePicks().data?.categories ?? []
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Start" optional help="In your timezone. Empty: at once.">
          {(control) => <TextInput {...control} type="datetime-local" {...form.register('sendTime')} />}
        </Field>
        <Field
          label="Messages a second"
          optional
          help="By all workers together. Empty: as fast as it goes."
          error={errors.perSecond?.message}
        >
          {(control) => (
            <TextInput
              {...control}
              inputMode="numeric"
              {...form.register('perSecond', { pattern: { value: /^\d{0,6}$/, message: 'A whole number.' } })}
            />
          )}
        </Field>
      </div>
      <Field label="Category" optional help="Whose preferences, quiet hours and caps hold for it.">
        {(control) => (
          <Select {...control} {...form.register('category')} className="max-w-96">
            <option value="">None</option>
            {categories.map(({ name: category, displayName }) => (
              <option key={category} value={category}>
                {displayName || category}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Checkbox
        checked={hasWindow}
        onChange={(next) => form.setValue('hasWindow', next, { shouldDirty: true })}
        label="Only in certain hours, in the timezone of each"
      />
      {hasWindow && (
        <div className="grid gap-4 sm:grid-cols-3">
          <Field label="From">
            {(control) => <TextInput {...control} type="time" {...form.register('windowStart')} />}
          </Field>
          <Field label="Until">
            {(control) => <TextInput {...control} type="time" {...form.register('windowEnd')} />}
          </Field>
          <Field label="Unknown timezones" optional help="Such as Europe/Berlin. Empty: UTC.">
            {(control) => <TextInput {...control} autoComplete="off" {...form.register('timezone')} />}
          </Field>
        </div>
      )}
    </div>
  )
}
