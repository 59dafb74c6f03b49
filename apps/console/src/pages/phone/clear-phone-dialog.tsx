import { useMutation, useQueryClient } from '@tanstack/react-query'
import { mainstay } from '../../api/mainstay.ts'
import { ConfirmByName } from '../../components/dialog/confirm-by-name.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { formatCount } from '../../format/number.ts'
import { projectSlug } from '../../session/project.ts'

/** Removes everything that the project's sandbox phone holds, once the project's name has been typed. */
export function ClearPhoneDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const clear = useMutation({
    mutationFn: () => mainstay().notify.clearSandboxItems({}),
    async onSuccess({ removedCount }) {
      await queries.invalidateQueries({ queryKey: ['sandbox-items'] })
      toast.success(removedCount === 1 ? 'Removed 1 item.' : `Removed ${formatCount(removedCount)} items.`)
      onClose()
    },
  })
  return (
    <ConfirmByName
      open
      onOpenChange={onClose}
      title="Empty the phone"
      consequence="Everything on this project’s sandbox phone, in all four tabs, is removed for everybody. The messages and their timelines stay."
      name={projectSlug.get()}
      verb="Empty phone"
      busy={clear.isPending}
      error={clear.error}
      onConfirm={() => clear.mutate()}
    />
  )
}
