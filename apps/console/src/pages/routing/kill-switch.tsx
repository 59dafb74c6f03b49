import { useMutation } from '@tanstack/react-query'
import { OctagonX, Play } from 'lucide-react'
import { useId, useState } from 'react'
import { describeFailure } from '../../api/failure.ts'
import { mainstayFor } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { useRoutingSettings } from '../../notify/routing.ts'
import { projectSlug } from '../../session/project.ts'
import { useRoutingReload } from './change-routing.ts'

/** Says whether the project sends, and stops it or lets it go on. */
export function KillSwitch() {
  const settings = useRoutingSettings().data
  const [isAsking, setAsking] = useState(false)
  const reload = useRoutingReload()
  const resume = useMutation({
    mutationFn: () =>
      mainstayFor('live').notify.updateRoutingSettings({
        routingSettings: { stopped: false, stopReason: '' },
        updateMask: { paths: ['stopped', 'stop_reason'] },
      }),
    async onSuccess() {
      await reload()
      toast.success('Messages go out again.')
    },
    onError: (error) => void toast.error(describeFailure(error).message),
  })
  if (!settings) return null
  return (
    <>
      {settings.stopped ? (
        <>
          <StateMark tone="bad" badge>
            Stopped{settings.stopReason === '' ? '' : `: ${settings.stopReason}`}
          </StateMark>
          <Button kind="primary" busy={resume.isPending} onClick={() => resume.mutate()}>
            <Play aria-hidden />
            Send again
          </Button>
        </>
      ) : (
        <Button kind="danger" onClick={() => setAsking(true)}>
          <OctagonX aria-hidden />
          Stop all sending…
        </Button>
      )}
      {isAsking && <StopDialog onClose={() => setAsking(false)} />}
    </>
  )
}

function StopDialog({ onClose }: { onClose: () => void }) {
  const formId = useId()
  const [reason, setReason] = useState('')
  const reload = useRoutingReload()
  const stop = useMutation({
    mutationFn: () =>
      mainstayFor('live').notify.updateRoutingSettings({
        routingSettings: { stopped: true, stopReason: reason.trim() },
        updateMask: { paths: ['stopped', 'stop_reason'] },
      }),
    async onSuccess() {
      await reload()
      onClose()
    },
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Stop all sending of ${projectSlug.get()}`}
      description="Nothing goes out any more, live or test, one-time codes as well. Messages are still taken in; they wait, and expire if they wait too long. What is under way ends."
    >
      <DialogBody>
        <form
          id={formId}
          onSubmit={(event) => {
            event.preventDefault()
            stop.mutate()
          }}
        >
          <Field label="Reason" optional help="It stands on every message that waits.">
            {(control) => (
              <TextInput
                {...control}
                value={reason}
                maxLength={200}
                autoComplete="off"
                onChange={(event) => setReason(event.target.value)}
              />
            )}
          </Field>
          {stop.error && <FailureNote error={stop.error} className="mt-4" />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Go on sending</Button>
        <Button kind="danger" type="submit" form={formId} busy={stop.isPending}>
          Stop all sending
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
