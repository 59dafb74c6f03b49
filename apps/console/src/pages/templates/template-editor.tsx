import type { Template } from '@mainstay/proto/notify/v1'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type UseFormReturn, useForm } from 'react-hook-form'
import { useNavigate } from 'react-router'
import { mainstay } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { TextArea, TextInput } from '../../components/field/inputs.tsx'
import { Card } from '../../components/page/page.tsx'
import { Segmented } from '../../components/segmented/segmented.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { MailFrame } from '../mailbox/mail-frame.tsx'
import { variablesOf } from './liquid-variables.ts'
import { SendTemplateDialog } from './send-template-dialog.tsx'

interface Fields {
  name: string
  subject: string
  text: string
  html: string
}

/** Writes the next version of a template beside a picture of it. Saving never changes a version that exists. */
export function TemplateEditor({ template }: { template: Template | undefined }) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [sending, setSending] = useState(false)
  const form = useForm<Fields>({
    defaultValues: {
      name: template?.name ?? '',
      subject: template?.email?.subject ?? '',
      text: template?.email?.text ?? '',
      html: template?.email?.html ?? '',
    },
  })
  const { isDirty } = form.formState
  const save = useMutation({
    mutationFn: ({ name, subject, text, html }: Fields) =>
      mainstay().notify.createTemplate({ template: { name, email: { subject, text, html } } }),
    async onSuccess(saved) {
      form.reset(form.getValues())
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['templates'] }),
        queries.invalidateQueries({ queryKey: ['template'] }),
      ])
      toast.success(`Version ${saved.version} of ${saved.name} is ready.`)
      await navigate(`/templates/${saved.name}`, { replace: true })
    },
    onError: (error) => setViolations(error, 'template', form),
  })
  return (
    <form
      noValidate
      className="grid gap-6 lg:grid-cols-2"
      onSubmit={form.handleSubmit((fields) => save.mutate(fields))}
    >
      <div className="flex min-w-0 flex-col gap-5">
        <EditorFields form={form} isNew={!template} />
        {save.error && <FailureNote error={save.error} />}
        <div className="flex flex-wrap gap-2">
          <Button
            kind="primary"
            type="submit"
            busy={save.isPending}
            disabled={template !== undefined && !isDirty}
          >
            {template ? 'Save as next version' : 'Create template'}
          </Button>
          {template && (
            <Button
              onClick={() => setSending(true)}
              disabled={isDirty}
              title={isDirty ? 'Save first: a test sends a stored version.' : undefined}
            >
              Send a test
            </Button>
          )}
        </div>
      </div>
      <Preview form={form} />
      {sending && template && <SendTemplateDialog template={template} onClose={() => setSending(false)} />}
    </form>
  )
}

function EditorFields({ form, isNew }: { form: UseFormReturn<Fields>; isNew: boolean }) {
  const { errors } = form.formState
  return (
    <>
      {isNew && (
        <Field
          label="Name"
          help="Your code sends this name: lower-case letters, digits, dots, dashes."
          error={errors.name?.message}
        >
          {(control) => (
            <TextInput
              {...control}
              mono
              autoComplete="off"
              spellCheck={false}
              placeholder="order-confirmed"
              {...form.register('name', {
                pattern: {
                  value: /^[a-z][a-z0-9._-]{0,62}[a-z0-9]$/,
                  message: 'Start with a lower-case letter, end with a letter or digit, and use no spaces.',
                },
                required: 'Give it a name.',
              })}
            />
          )}
        </Field>
      )}
      <Field label="Subject" error={errors.subject?.message}>
        {(control) => (
          <TextInput
            {...control}
            {...form.register('subject', {
              required: 'Give it a subject.',
              maxLength: { value: 250, message: 'Use at most 250 characters.' },
            })}
          />
        )}
      </Field>
      <Field
        label="HTML"
        optional
        help="Liquid tags such as {{ name }} are filled from the data of each message."
        error={errors.html?.message}
      >
        {(control) => (
          <TextArea
            {...control}
            mono
            rows={14}
            spellCheck={false}
            className="!text-xs"
            {...form.register('html')}
          />
        )}
      </Field>
      <Field
        label="Text"
        optional
        help="For readers without HTML. Empty: it is made from the HTML."
        error={errors.text?.message}
      >
        {(control) => (
          <TextArea
            {...control}
            mono
            rows={6}
            spellCheck={false}
            className="!text-xs"
            {...form.register('text', {
              validate: (text, { html }) =>
                text.trim() !== '' || html.trim() !== '' || 'Write text, HTML, or both.',
            })}
          />
        )}
      </Field>
    </>
  )
}

function Preview({ form }: { form: UseFormReturn<Fields> }) {
  const [wanted, setWanted] = useState<'html' | 'text'>('html')
  const { subject, html, text } = form.watch()
  const view = html ? wanted : 'text'
  const variables = variablesOf(subject, html, text)
  return (
    <section aria-label="Preview" className="flex min-w-0 flex-col gap-2">
      <div className="flex min-h-8 items-center gap-2">
        <h2 className="mr-auto text-sm font-semibold">Preview</h2>
        {html && text && (
          <Segmented
            label="Show as"
            value={view}
            onChange={setWanted}
            choices={[
              { value: 'html', label: 'HTML' },
              { value: 'text', label: 'Text' },
            ]}
          />
        )}
      </div>
      <Card className="flex min-h-[420px] flex-col">
        <p className="border-b border-line px-4 py-2.5 text-sm font-medium">
          {subject || <span className="text-ink-3">No subject</span>}
        </p>
        {view === 'html' ? (
          <div className="min-h-0 flex-1 [&>iframe]:min-h-[420px]">
            <MailFrame html={html} title="Preview of the HTML" />
          </div>
        ) : (
          <pre className="px-4 py-3 tabular text-xs leading-[19px] whitespace-pre-wrap">{text}</pre>
        )}
      </Card>
      <p className="text-xs text-ink-3">
        {variables.length > 0 ? (
          <>
            Asks for <span className="tabular">{variables.join(', ')}</span>. Tags show as they are here; send
            a test to see them filled in.
          </>
        ) : (
          'It asks for no data: every message says the same.'
        )}
      </p>
    </section>
  )
}
