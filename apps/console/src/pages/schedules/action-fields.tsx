import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import type { UseFormReturn } from 'react-hook-form'
import { Link } from 'react-router'
import { Field } from '../../components/field/field.tsx'
import { Select, TextArea, TextInput } from '../../components/field/inputs.tsx'
import { requireJsonObject } from '../../format/json-object.ts'
import { useTemplates } from '../templates/templates.ts'
import { useWorkflows } from '../workflows/use-workflows.ts'
import { required, type ScheduleFields } from './schedule-fields.ts'

const kinds: Record<ScheduleFields['what'], string> = {
  email: 'Send an email written here',
  template: 'Send a template',
  workflow: 'Start a workflow',
}

/** What happens each time: an email, a template of any channel, or a workflow. */
export function ActionFields({ form }: { form: UseFormReturn<ScheduleFields> }) {
  const { errors } = form.formState
  const what = form.watch('what')
  return (
    <>
      <Field label="What happens">
        {(control) => (
          <Select {...control} {...form.register('what')}>
            {Object.entries(kinds).map(([kind, word]) => (
              <option key={kind} value={kind}>
                {word}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {what === 'email' && (
        <>
          <Field label="Subject" error={errors.subject?.message}>
            {(control) => (
              <TextInput
                {...control}
                autoComplete="off"
                {...form.register('subject', required('Write a subject.'))}
              />
            )}
          </Field>
          <Field label="Text" error={errors.text?.message}>
            {(control) => (
              <TextArea {...control} rows={4} {...form.register('text', required('Write a text.'))} />
            )}
          </Field>
        </>
      )}
      {what === 'template' && <TemplateField form={form} />}
      {what === 'workflow' && <WorkflowField form={form} />}
      {what !== 'email' && (
        <Field
          label="Data"
          help={
            what === 'template'
              ? 'A JSON object; the tags of the template are filled from it, and from what is known of each recipient.'
              : 'A JSON object; the steps of the workflow read it as data.'
          }
          error={errors.data?.message}
        >
          {(control) => (
            <TextArea
              {...control}
              mono
              rows={4}
              spellCheck={false}
              className="!text-xs"
              {...form.register('data', { validate: requireJsonObject })}
            />
          )}
        </Field>
      )}
    </>
  )
}

function TemplateField({ form }: { form: UseFormReturn<ScheduleFields> }) {
  // A layout or a partial is a part of templates, and nothing to send; what was never published neither.
  const published = useTemplates().data?.filter(
    ({ version, kind }) => version > 0 && kind === TemplateKind.MESSAGE,
  )
  return <PickField form={form} what="template" label="Template" from="/templates" picks={published} />
}

function WorkflowField({ form }: { form: UseFormReturn<ScheduleFields> }) {
  return (
    <PickField form={form} what="workflow" label="Workflow" from="/workflows" picks={useWorkflows().data} />
  )
}

/** One of those that are published, or the way to where the first is made. */
function PickField({
  form,
  what,
  label,
  from,
  picks,
}: {
  form: UseFormReturn<ScheduleFields>
  what: 'template' | 'workflow'
  label: string
  from: string
  picks: readonly { name: string }[] | undefined
}) {
  return (
    <Field
      label={label}
      help={picks?.length === 0 ? <Nothing what={what} to={from} /> : 'Its newest version, each time.'}
      error={form.formState.errors[what]?.message}
    >
      {(control) => (
        <Select {...control} {...form.register(what, required(`Pick a ${what}.`))}>
          <option value="">Pick one</option>
          {picks?.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}

function Nothing({ what, to }: { what: string; to: string }) {
  return (
    <>
      Nothing is published yet.{' '}
      <Link to={to} className="text-accent underline underline-offset-2 hover:text-accent-hover">
        Make a {what}
      </Link>
    </>
  )
}
