import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router'
import { mainstay } from '../../api/mainstay.ts'
import { ConfirmByName } from '../../components/dialog/confirm-by-name.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { formatCount } from '../../format/number.ts'
import { projectSlug } from '../../session/project.ts'

/** Removes every mail of the project's mailbox, once the project's name has been typed. */
export function ClearMailboxDialog({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const clear = useMutation({
    mutationFn: () => mainstay().notify.clearMailbox({}),
    async onSuccess({ removedCount }) {
      await navigate('/mailbox')
      await queries.invalidateQueries({ queryKey: ['mails'] })
      toast.success(removedCount === 1 ? 'Removed 1 mail.' : `Removed ${formatCount(removedCount)} mails.`)
      onClose()
    },
  })
  return (
    <ConfirmByName
      open
      onOpenChange={onClose}
      title="Empty the mailbox"
      consequence="Every mail in this project’s sandbox mailbox is removed for everybody. The messages and their timelines stay."
      name={projectSlug.get()}
      verb="Empty mailbox"
      busy={clear.isPending}
      error={clear.error}
      onConfirm={() => clear.mutate()}
    />
  )
}
