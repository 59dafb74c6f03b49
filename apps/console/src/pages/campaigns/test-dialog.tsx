import { Channel } from '@mainstay/proto/notify/v1'
import { type Campaign, Campaigns } from '@mainstay/proto/notify/v1/campaigns'
import { useMutation } from '@tanstack/react-query'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { serviceOf } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { Select, TextArea } from '../../components/field/inputs.tsx'
import { toast } from '../../components/toast/toast.tsx'

interface Fields {
  to: string
  variant: string
}

const TARGETS: ReadonlyMap<Channel, 'email' | 'phone' | 'deviceToken' | 'chat' | 'url'> = new Map([
  [Channel.SMS, 'phone'],
  [Channel.WHATSAPP, 'phone'],
  [Channel.PUSH, 'deviceToken'],
  [Channel.CHAT, 'chat'],
  [Channel.WEBHOOK, 'url'],
])

/** Sends what the draft says to a few addresses, apart from its audience. */
export function CampaignTestDialog({
  campaign,
  channel,
  onClose,
}: {
  campaign: Campaign
  channel: Channel
  onClose: () => void
}) {
  const formId = useId()
  const form = useForm<Fields>({ defaultValues: { to: '', variant: '' } })
  const kind = TARGETS.get(channel) ?? 'email'
  const send = useMutation({
    mutationFn: ({ to, variant }: Fields) =>
      serviceOf(Campaigns).sendCampaignTest({
        campaignId: campaign.campaignId,
        to: linesOf(to).map((value) => ({ target: { case: kind, value } })),
        variant,
      }),
    onSuccess({ notifications }) {
      toast.success(notifications.length === 1 ? 'The test is on its way.' : 'The tests are on their way.')
      onClose()
    },
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Send a test"
      description="It goes to these addresses only, and counts nowhere in the campaign."
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((fields) => send.mutate(fields))}
        >
          <Field label="To" help="One a line, at most 10." error={form.formState.errors.to?.message}>
            {(control) => (
              <TextArea
                {...control}
                rows={3}
                spellCheck={false}
                {...form.register('to', {
                  validate: (text) => {
                    const count = linesOf(text).length
                    return (count > 0 && count <= 10) || 'Say where it goes: one to ten.'
                  },
                })}
              />
            )}
          </Field>
          {campaign.abTest && (
            <Field label="Variant">
              {(control) => (
                <Select {...control} {...form.register('variant')}>
                  {campaign.abTest?.variants.map((_, index) => (
                    <option key={'ABCD'[index]} value={'ABCD'[index]}>
                      {'ABCD'[index]}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          )}
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

function linesOf(text: string): string[] {
  return text
    .split(/[\n,;]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
