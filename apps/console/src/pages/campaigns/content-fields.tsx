import { Channel } from '@mainstay/proto/notify/v1'
import { AbMetric } from '@mainstay/proto/notify/v1/campaigns'
import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import type { UseFormReturn } from 'react-hook-form'
import { Checkbox } from '../../components/field/checkbox.tsx'
import { Field } from '../../components/field/field.tsx'
import { Select, TextArea, TextInput } from '../../components/field/inputs.tsx'
import { Segmented } from '../../components/segmented/segmented.tsx'
import { useTemplates } from '../templates/templates.ts'
import type { CampaignFields, ContentKind } from './campaign-fields.ts'

const KINDS: readonly { value: ContentKind; label: string }[] = [
  { value: 'email', label: 'Email' },
  { value: 'sms', label: 'SMS' },
  { value: 'push', label: 'Push' },
  { value: 'template', label: 'Template' },
]

/** The channel that the content takes; a template's is its own. */
export function useChannel({ kind, template }: CampaignFields): Channel {
  const templates = useTemplates().data
  if (kind === 'template') return templates?.find(({ name }) => name === template)?.channel ?? Channel.EMAIL
  return { email: Channel.EMAIL, sms: Channel.SMS, push: Channel.PUSH }[kind]
}

/** What it says, and the second variant where two are tested. */
export function ContentFields({ form }: { form: UseFormReturn<CampaignFields> }) {
  const { kind, isTest } = form.watch()
  return (
    <div className="flex flex-col gap-4">
      <Segmented
        label="Content"
        value={kind}
        onChange={(next) => form.setValue('kind', next, { shouldDirty: true })}
        choices={KINDS}
        className="self-start"
      />
      <Variant form={form} variant="" />
      <Checkbox
        checked={isTest}
        onChange={(next) => form.setValue('isTest', next, { shouldDirty: true })}
        label="Test two variants on a part of the audience first"
        help="Who gets which is decided by a hash; the rest gets the one that did better."
      />
      {isTest && (
        <fieldset className="flex flex-col gap-4 rounded-lg border border-line p-4">
          <legend className="px-1 text-sm font-medium">Variant B</legend>
          <Variant form={form} variant="B" />
          <TestFields form={form} />
        </fieldset>
      )}
    </div>
  )
}

function Variant({ form, variant }: { form: UseFormReturn<CampaignFields>; variant: '' | 'B' }) {
  const { kind } = form.watch()
  const { errors } = form.formState
  const templates = useTemplates().data?.filter((one) => one.kind !== TemplateKind.LAYOUT && one.version > 0)
  const isB = variant === 'B'
  const template = isB ? 'templateB' : 'template'
  const subject = isB ? 'subjectB' : 'subject'
  const text = isB ? 'textB' : 'text'
  if (kind === 'template') {
    return (
      <Field
        label="Template"
        error={errors[template]?.message}
        help="Filled for each person with their attributes."
      >
        {(control) => (
          <Select
            {...control}
            {...form.register(template, { required: 'Pick a template.' })}
            className="max-w-96"
          >
            <option value="">Pick a template</option>
            {templates?.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </Field>
    )
  }
  const mustHaveText = !(isB && kind !== 'sms') && 'Write a line or two.'
  return (
    <>
      {kind !== 'sms' && (
        <Field
          label={kind === 'push' ? 'Headline' : 'Subject'}
          optional={kind === 'push'}
          error={errors[subject]?.message}
        >
          {(control) => (
            <TextInput
              {...control}
              {...form.register(subject, { required: kind === 'email' && 'Give it a subject.' })}
            />
          )}
        </Field>
      )}
      <Field label="Text" optional={mustHaveText === false} error={errors[text]?.message}>
        {(control) => <TextArea {...control} rows={5} {...form.register(text, { required: mustHaveText })} />}
      </Field>
      {kind === 'email' && !isB && (
        <Field label="HTML" optional help="Without it, mail is plain text.">
          {(control) => <TextArea {...control} rows={4} mono {...form.register('html')} />}
        </Field>
      )}
    </>
  )
}

function TestFields({ form }: { form: UseFormReturn<CampaignFields> }) {
  const { metric } = form.watch()
  const { errors } = form.formState
  return (
    <div className="grid gap-4 sm:grid-cols-3">
      <Field label="Part in the test (%)" error={errors.testPercent?.message}>
        {(control) => (
          <TextInput
            {...control}
            inputMode="numeric"
            {...form.register('testPercent', {
              pattern: { value: /^([1-9]\d?|100)$/, message: 'From 1 to 100.' },
            })}
          />
        )}
      </Field>
      <Field label="Winner by">
        {(control) => (
          <Select
            {...control}
            value={metric}
            onChange={(event) => form.setValue('metric', Number(event.target.value), { shouldDirty: true })}
          >
            <option value={AbMetric.OPENS}>Opens</option>
            <option value={AbMetric.CLICKS}>Clicks</option>
            <option value={AbMetric.DELIVERY}>Delivery</option>
            <option value={AbMetric.MANUAL}>Your choice</option>
          </Select>
        )}
      </Field>
      {metric !== AbMetric.MANUAL && (
        <Field label="Decide after (hours)" error={errors.decideHours?.message}>
          {(control) => (
            <TextInput
              {...control}
              inputMode="decimal"
              {...form.register('decideHours', {
                pattern: { value: /^\d{1,3}(\.\d+)?$/, message: 'A number of hours.' },
              })}
            />
          )}
        </Field>
      )}
    </div>
  )
}
