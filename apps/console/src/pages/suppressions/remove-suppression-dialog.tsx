import type { Suppression } from '@mainstay/proto/notify/v1/suppressions'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { mainstay } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { removalWords } from './suppression-words.ts'

/** Asks once more, with what stands behind the suppression, before an address gets messages again. */
export function RemoveSuppressionDialog({
  suppression,
  onClose,
}: {
  suppression: Suppression
  onClose: () => void
}) {
  const queries = useQueryClient()
  const { suppressionId, address, reason } = suppression
  const remove = useMutation({
    mutationFn: () => mainstay().notify.deleteSuppression({ suppressionId }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['suppressions'] })
      toast.success(`${address} gets messages again, unless another reason stands against it.`)
      onClose()
    },
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Send to ${address} again`}
      description={removalWords.get(reason) ?? 'It is suppressed.'}
    >
      {remove.error && (
        <DialogBody>
          <FailureNote error={remove.error} />
        </DialogBody>
      )}
      <DialogButtons>
        <Button onClick={onClose}>Keep it suppressed</Button>
        <Button kind="danger" onClick={() => remove.mutate()} busy={remove.isPending}>
          Remove suppression
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
