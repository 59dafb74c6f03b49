import type { Channel } from '@mainstay/proto/notify/v1'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { type RegisterOptions, useForm } from 'react-hook-form'
import { useNavigate } from 'react-router'
import { mainstayFor } from '../api/mainstay.ts'
import { setViolations } from '../api/violations.ts'
import { Button } from '../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../components/dialog/dialog.tsx'
import { FailureNote } from '../components/failure/failure-note.tsx'
import { Field } from '../components/field/field.tsx'
import { Select, TextArea, TextInput } from '../components/field/inputs.tsx'
import { toast } from '../components/toast/toast.tsx'
import { requireJsonObject } from '../format/json-object.ts'
import { channels } from '../notify/channels.ts'
import { mode } from '../session/mode.ts'
import { exampleOf, type TestFields, testFormOf, toRequest } from './test-message.ts'

interface Ask {
  label: string
  optional?: boolean
  rows?: number
  mono?: boolean
  rules: RegisterOptions<TestFields>
}

const asks: Record<Exclude<keyof TestFields, 'to'>, Ask> = {
  subject: { label: 'Subject', rules: { required: 'Give it a subject.' } },
  title: { label: 'Headline', optional: true, rules: {} },
  text: { label: 'Text', rows: 5, rules: { required: 'Write a line or two.' } },
  type: { label: 'Type', mono: true, rules: { required: 'Say what happened, for example order.shipped.' } },
  data: {
    label: 'Data',
    optional: true,
    rows: 6,
    mono: true,
    rules: { validate: (text) => text.trim() === '' || requireJsonObject(text) },
  },
}

/** Sends one test message over any channel and opens it, so that its timeline can be watched. */
export function SendTestDialog({ channel: first, onClose }: { channel: Channel; onClose: () => void }) {
  const formId = useId()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [channel, setChannel] = useState(first)
  const form = useForm<TestFields>({ defaultValues: exampleOf(first) })
  const { errors } = form.formState
  const { target, toLabel, toHelp, asks: asked } = testFormOf(channel)
  const send = useMutation({
    mutationFn: (fields: TestFields) =>
      mainstayFor('test').notify.sendNotification(toRequest(channel, fields)),
    onSuccess({ messageIds }) {
      mode.set('test')
      toast.success('Accepted. Watch it arrive.')
      void queries.invalidateQueries({ queryKey: ['stats'] })
      onClose()
      if (messageIds[0]) void navigate(`/messages/${messageIds[0]}`)
    },
    onError: (error) => setViolations(error, 'content', form, { [target]: 'to', body: 'text' }),
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Send a test"
      description="A test message goes through the whole house and ends in the sandbox, unless a provider is set up for test messages."
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((fields) => send.mutate(fields))}
        >
          <Field label="Channel">
            {(control) => (
              <Select
                {...control}
                value={channel}
                onChange={(event) => {
                  const next = Number(event.target.value) as Channel
                  setChannel(next)
                  send.reset()
                  form.reset(exampleOf(next))
                }}
              >
                {[...channels].map(([value, { word }]) => (
                  <option key={value} value={value}>
                    {word}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label={toLabel} help={toHelp} error={errors.to?.message} optional={target === 'chat'}>
            {(control) => (
              <TextInput
                {...control}
                autoComplete="off"
                spellCheck={false}
                {...form.register('to', {
                  required: target !== 'chat' && 'Say where it goes; in the sandbox any will do.',
                })}
              />
            )}
          </Field>
          {asked.map((name) => {
            const { label, optional = false, rows, mono = false, rules } = asks[name]
            return (
              <Field key={name} label={label} optional={optional} error={errors[name]?.message}>
                {(control) =>
                  rows ? (
                    <TextArea {...control} rows={rows} mono={mono} {...form.register(name, rules)} />
                  ) : (
                    <TextInput {...control} mono={mono} {...form.register(name, rules)} />
                  )
                }
              </Field>
            )
          })}
          {send.error && <FailureNote error={send.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" form={formId} busy={send.isPending}>
          Send test
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
