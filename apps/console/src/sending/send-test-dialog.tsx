import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { useNavigate } from 'react-router'
import { mainstayFor } from '../api/mainstay.ts'
import { setViolations } from '../api/violations.ts'
import { Button } from '../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../components/dialog/dialog.tsx'
import { FailureNote } from '../components/failure/failure-note.tsx'
import { Field } from '../components/field/field.tsx'
import { TextArea, TextInput } from '../components/field/inputs.tsx'
import { toast } from '../components/toast/toast.tsx'
import { mode } from '../session/mode.ts'

interface Fields {
  email: string
  subject: string
  text: string
}

const defaults: Fields = {
  email: 'ada@example.com',
  subject: 'It works',
  text: 'Hello Ada,\n\nthis message went the whole way: accepted, queued, sent, delivered.',
}

/** Sends one test message and opens it, so that its timeline can be watched. It never reaches a person. */
export function SendTestDialog({ onClose }: { onClose: () => void }) {
  const formId = useId()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const form = useForm<Fields>({ defaultValues: defaults })
  const { errors } = form.formState
  const send = useMutation({
    mutationFn: ({ email, subject, text }: Fields) =>
      mainstayFor('test').notify.sendNotification({
        to: { target: { case: 'email', value: email } },
        content: { case: 'email', value: { subject, text } },
      }),
    onSuccess({ messageIds }) {
      mode.set('test')
      toast.success('Accepted. Watch it arrive.')
      void queries.invalidateQueries({ queryKey: ['stats'] })
      onClose()
      if (messageIds[0]) void navigate(`/messages/${messageIds[0]}`)
    },
    onError: (error) => setViolations(error, 'to', form) || setViolations(error, 'email', form),
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Send a test"
      description="A test message goes through the whole house and ends in the mailbox. It reaches nobody."
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((fields) => send.mutate(fields))}
        >
          <Field label="To" error={errors.email?.message}>
            {(control) => (
              <TextInput
                {...control}
                type="email"
                autoComplete="off"
                {...form.register('email', {
                  required: 'Give it an address; any will do.',
                  pattern: { value: /^\S+@\S+\.\S+$/, message: 'Write an address such as ada@example.com.' },
                })}
              />
            )}
          </Field>
          <Field label="Subject" error={errors.subject?.message}>
            {(control) => (
              <TextInput {...control} {...form.register('subject', { required: 'Give it a subject.' })} />
            )}
          </Field>
          <Field label="Text" error={errors.text?.message}>
            {(control) => (
              <TextArea
                {...control}
                rows={5}
                {...form.register('text', { required: 'Write a line or two.' })}
              />
            )}
          </Field>
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
