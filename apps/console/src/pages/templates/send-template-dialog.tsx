import type { JsonObject } from '@bufbuild/protobuf'
import { Channel, type Template } from '@mainstay/proto/notify/v1'
import { useMutation } from '@tanstack/react-query'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { useNavigate } from 'react-router'
import { mainstayFor } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { TextArea, TextInput } from '../../components/field/inputs.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { requireJsonObject } from '../../format/json-object.ts'
import { mode } from '../../session/mode.ts'

interface Fields {
  to: string
  data: string
}

interface Target {
  case: 'email' | 'phone' | 'deviceToken' | 'chat' | 'recipientId'
  example: string
}

/** What a test of each channel is sent to. */
const TARGETS: ReadonlyMap<Channel, Target> = new Map<Channel, Target>([
  [Channel.SMS, { case: 'phone', example: '+14155550123' }],
  [Channel.WHATSAPP, { case: 'phone', example: '+14155550123' }],
  [Channel.PUSH, { case: 'deviceToken', example: 'device-token-of-ada' }],
  [Channel.CHAT, { case: 'chat', example: 'general' }],
  [Channel.INBOX, { case: 'recipientId', example: 'ada' }],
])

const EMAIL: Target = { case: 'email', example: 'ada@example.com' }

/** Sends a test from the newest published version, with data of the reader's own, and opens it. */
export function SendTemplateDialog({
  template,
  locale,
  data,
  onClose,
}: {
  template: Template
  locale: string
  data: string
  onClose: () => void
}) {
  const formId = useId()
  const navigate = useNavigate()
  const { name, version, channel } = template
  const target = TARGETS.get(channel) ?? EMAIL
  const form = useForm<Fields>({ defaultValues: { to: target.example, data } })
  const { errors } = form.formState
  const send = useMutation({
    mutationFn: (fields: Fields) =>
      mainstayFor('test').notify.sendNotification({
        to: { target: { case: target.case, value: fields.to } },
        content: { case: 'template', value: { name, version } },
        data: JSON.parse(fields.data) as JsonObject,
        locale,
      }),
    onSuccess({ messageIds }) {
      mode.set('test')
      toast.success('Accepted. Watch it arrive.')
      void navigate(`/messages/${messageIds[0] ?? ''}`)
    },
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Send a test of ${name}`}
      description={`Version ${version} in ${locale}, as it is published. It reaches nobody.`}
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            void form.handleSubmit((fields) => send.mutate(fields))(event)
          }}
        >
          <Field label="To" error={errors.to?.message}>
            {(control) => (
              <TextInput
                {...control}
                {...form.register('to', { required: 'Give it an address; any will do.' })}
              />
            )}
          </Field>
          <Field
            label="Data"
            help="A JSON object; the tags of the template are filled from it."
            error={errors.data?.message}
          >
            {(control) => (
              <TextArea
                {...control}
                mono
                rows={8}
                spellCheck={false}
                className="!text-xs"
                {...form.register('data', { validate: requireJsonObject })}
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
