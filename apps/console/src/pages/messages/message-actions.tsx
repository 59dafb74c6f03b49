import { type Message, MessageState } from '@mainstay/proto/notify/v1'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Ban, ChevronDown } from 'lucide-react'
import { useState } from 'react'
import { describeFailure } from '../../api/failure.ts'
import { mainstay } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Menu, MenuItem, MenuLabel } from '../../components/menu/menu.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { type Decision, decisions } from '../../notify/decisions.ts'
import { unknownMessagesKey } from '../../notify/unknown-messages.ts'

const cancellable = [MessageState.ACCEPTED, MessageState.SCHEDULED, MessageState.QUEUED]

/** What can be done to a message as it stands: cancel it before it goes out, decide it when nobody knows. */
export function MessageActions({ message }: { message: Message }) {
  const [deciding, setDeciding] = useState<Decision>()
  const refresh = useRefresh(message.messageId)
  const cancel = useMutation({
    mutationFn: () => mainstay().notify.cancelMessage({ messageId: message.messageId }),
    onSuccess: () => void toast.success('Cancelled. It will not be sent.'),
    onError: (error) => void toast.error(describeFailure(error).message),
    onSettled: refresh,
  })
  if (cancellable.includes(message.state)) {
    return (
      <Button size="sm" onClick={() => cancel.mutate()} busy={cancel.isPending}>
        <Ban aria-hidden />
        Cancel message
      </Button>
    )
  }
  if (message.state !== MessageState.UNKNOWN) return null
  return (
    <>
      <Menu
        align="end"
        trigger={
          <Button size="sm" kind="primary">
            Resolve
            <ChevronDown aria-hidden />
          </Button>
        }
      >
        <MenuLabel>What happened to it?</MenuLabel>
        {decisions.map((decision) => (
          <MenuItem key={decision.resolution} onSelect={() => setDeciding(decision)}>
            {decision.title}
          </MenuItem>
        ))}
      </Menu>
      {deciding && (
        <ResolveDialog
          message={message}
          decision={deciding}
          onClose={() => setDeciding(undefined)}
          onResolved={() => {
            setDeciding(undefined)
            void refresh()
          }}
        />
      )}
    </>
  )
}

function ResolveDialog({
  message,
  decision,
  onClose,
  onResolved,
}: {
  message: Message
  decision: Decision
  onClose: () => void
  onResolved: () => void
}) {
  const resolve = useMutation({
    mutationFn: () =>
      mainstay().notify.resolveMessage({ messageId: message.messageId, resolution: decision.resolution }),
    onSuccess: onResolved,
  })
  return (
    <Dialog open onOpenChange={onClose} title={decision.title} description={decision.consequence}>
      {resolve.error && (
        <DialogBody>
          <FailureNote error={resolve.error} />
        </DialogBody>
      )}
      <DialogButtons>
        <Button onClick={onClose}>Leave it unknown</Button>
        <Button kind="primary" onClick={() => resolve.mutate()} busy={resolve.isPending}>
          {decision.verb}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}

function useRefresh(messageId: string) {
  const queries = useQueryClient()
  return async () => {
    await queries.invalidateQueries({ queryKey: ['timeline', messageId] })
    await queries.invalidateQueries({ queryKey: [unknownMessagesKey] })
  }
}
