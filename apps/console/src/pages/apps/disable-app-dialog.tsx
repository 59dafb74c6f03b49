import { type Client, Clients } from '@mainstay/proto/identity/v1/clients'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { serviceOf } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { toast } from '../../components/toast/toast.tsx'

/** Shuts an app, or opens it again. */
export function DisableAppDialog({ app, onClose }: { app: Client; onClose: () => void }) {
  const queries = useQueryClient()
  const disabled = !app.disabled
  const change = useMutation({
    mutationFn: () =>
      serviceOf(Clients).updateClient({
        client: { clientId: app.clientId, disabled },
        updateMask: { paths: ['disabled'] },
      }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['apps'] })
      toast.success(`${app.displayName} is ${disabled ? 'disabled' : 'open again'}.`)
      onClose()
    },
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`${disabled ? 'Disable' : 'Enable'} ${app.displayName}`}
      description={
        disabled
          ? 'Nobody signs in to it any more, and sessions are not refreshed: people are out once their access tokens end. You can enable it again.'
          : 'People can sign in to it again, and sessions that have not expired go on.'
      }
    >
      {change.error && (
        <DialogBody>
          <FailureNote error={change.error} />
        </DialogBody>
      )}
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          kind={disabled ? 'danger' : 'primary'}
          busy={change.isPending}
          onClick={() => change.mutate()}
        >
          {disabled ? 'Disable app' : 'Enable app'}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
