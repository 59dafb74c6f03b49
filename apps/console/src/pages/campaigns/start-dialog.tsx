import { type Campaign, Campaigns } from '@mainstay/proto/notify/v1/campaigns'
import { useMutation } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { serviceOf } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { Facts } from '../../components/facts/facts.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import { formatCount } from '../../format/number.ts'
import { formatAbsolute, toMs } from '../../format/time.ts'
import { fieldsOf } from './campaign-fields.ts'
import { audienceWords } from './campaign-words.ts'
import { useAudienceCount } from './use-picks.ts'

/** From so many people on the name is typed. */
const LARGE = 1_000n

/** What is about to happen, once more, before it cannot be taken back. */
export function StartDialog({
  campaign,
  channel,
  onStarted,
  onClose,
}: {
  campaign: Campaign
  channel: number
  onStarted: (campaign: Campaign) => void
  onClose: () => void
}) {
  const formId = useId()
  const [typed, setTyped] = useState('')
  const count = useAudienceCount(fieldsOf(campaign), channel, campaign.campaignId, campaign.importedCount)
  const isLarge = (count.data?.total ?? LARGE) >= LARGE
  const sendMs = toMs(campaign.sendTime)
  const start = useMutation({
    mutationFn: () =>
      serviceOf(Campaigns).startCampaign({ campaignId: campaign.campaignId, etag: campaign.etag }),
    onSuccess: onStarted,
  })
  const mayStart = count.data !== undefined && (!isLarge || typed.trim() === campaign.displayName)
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Review and start"
      description="Its audience is frozen at the start. It can be paused and cancelled; what was sent cannot be called back."
    >
      <DialogBody>
        <form
          id={formId}
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            if (mayStart && !start.isPending) start.mutate()
          }}
        >
          <Facts
            rows={[
              ['Campaign', campaign.displayName],
              ['Audience', audienceWords(campaign.audience)],
              [
                'People',
                count.data &&
                  `${formatCount(count.data.total)}, ${formatCount(count.data.reachable)} of them reachable`,
              ],
              ['Mode', campaign.live ? 'Live: it reaches people' : 'Test'],
              ['Starts', sendMs === undefined ? 'At once' : formatAbsolute(sendMs)],
              [
                'Speed',
                campaign.messagesPerSecond > 0 && `${formatCount(campaign.messagesPerSecond)} a second`,
              ],
              [
                'Hours',
                campaign.sendWindow &&
                  `${campaign.sendWindow.start} to ${campaign.sendWindow.end}, in each timezone`,
              ],
              ['Test', campaign.abTest && `Two variants on ${campaign.abTest.testPercent}%`],
            ]}
          />
          {isLarge && (
            <Field label={`Type “${campaign.displayName}” to confirm`}>
              {(control) => (
                <TextInput
                  {...control}
                  value={typed}
                  onChange={(event) => setTyped(event.target.value)}
                  autoComplete="off"
                  spellCheck={false}
                />
              )}
            </Field>
          )}
          {(start.error ?? count.error) && <FailureNote error={start.error ?? count.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Not yet</Button>
        <Button kind="primary" type="submit" form={formId} disabled={!mayStart} busy={start.isPending}>
          {sendMs === undefined ? 'Start campaign' : 'Schedule campaign'}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
