import { Recipients, type Topic } from '@mainstay/proto/notify/v1/recipients'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { serviceOf } from '../../api/mainstay.ts'
import { ConfirmByName } from '../../components/dialog/confirm-by-name.tsx'
import { toast } from '../../components/toast/toast.tsx'

/** Asks for the topic's id before it goes, with all its memberships. */
export function DeleteTopicDialog({ topic, onClose }: { topic: Topic; onClose: () => void }) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => serviceOf(Recipients).deleteTopic({ topic: topic.topic }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['topics'] })
      await queries.invalidateQueries({ queryKey: ['groups'] })
      toast.success(`${topic.displayName || topic.topic} is deleted.`)
      onClose()
    },
  })
  return (
    <ConfirmByName
      open
      onOpenChange={onClose}
      title="Delete topic"
      consequence="Its members stay recipients; that they were members of it is lost."
      name={topic.topic}
      verb="Delete topic"
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
    />
  )
}
