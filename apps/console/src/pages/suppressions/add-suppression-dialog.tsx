import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { Channel } from '@mainstay/proto/notify/v1'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { mainstay } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { Select, TextInput } from '../../components/field/inputs.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { channels } from '../../notify/channels.ts'
import { mode } from '../../session/mode.ts'

interface Fields {
  channel: string
  address: string
  detail: string
  days: number
}

const spans: [days: number, word: string][] = [
  [0, 'For good'],
  [7, 'For 7 days'],
  [30, 'For 30 days'],
  [90, 'For 90 days'],
]

/** Keeps an address from getting anything, with the reason in the operator's words. */
export function AddSuppressionDialog({ onClose }: { onClose: () => void }) {
  const formId = useId()
  const queries = useQueryClient()
  const form = useForm<Fields>({
    defaultValues: { channel: 'CHANNEL_EMAIL', address: '', detail: '', days: 0 },
  })
  const { errors } = form.formState
  const add = useMutation({
    mutationFn: ({ channel, address, detail, days }: Fields) =>
      mainstay().notify.createSuppression({
        channel,
        address: address.trim(),
        detail: detail.trim(),
        live: mode.get() === 'live',
        ...(days > 0 && { expireTime: timestampFromMs(Date.now() + days * 86_400_000) }),
      }),
    async onSuccess({ address }) {
      await queries.invalidateQueries({ queryKey: ['suppressions'] })
      toast.success(`Nothing is sent to ${address} any more.`)
      onClose()
    },
    onError: (error) => setViolations(error, 'suppression', form),
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Suppress an address"
      description={`${mode.get() === 'live' ? 'Live' : 'Test'} messages to it are accepted and end as suppressed, with the reason.`}
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((fields) => add.mutate(fields))}
        >
          <Field label="Channel" error={errors.channel?.message}>
            {(control) => (
              <Select {...control} {...form.register('channel')}>
                {[...channels].map(([channel, { word }]) => (
                  <option key={channel} value={`CHANNEL_${Channel[channel]}`}>
                    {word}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field
            label="Address"
            help="As messages are sent to it: an email address, a number such as +491701234567, a device token, a place, a URL."
            error={errors.address?.message}
          >
            {(control) => (
              <TextInput
                {...control}
                autoComplete="off"
                spellCheck={false}
                {...form.register('address', { required: 'Say which address.' })}
              />
            )}
          </Field>
          <Field label="Reason" help="For whoever wonders later." error={errors.detail?.message}>
            {(control) => (
              <TextInput
                {...control}
                autoComplete="off"
                {...form.register('detail', {
                  required: 'Say why, in a few words.',
                  maxLength: { value: 500, message: 'Use at most 500 characters.' },
                })}
              />
            )}
          </Field>
          <Field label="How long">
            {(control) => (
              <Select {...control} {...form.register('days', { valueAsNumber: true })}>
                {spans.map(([days, word]) => (
                  <option key={days} value={days}>
                    {word}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          {add.error && <FailureNote error={add.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" form={formId} busy={add.isPending}>
          Suppress address
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
