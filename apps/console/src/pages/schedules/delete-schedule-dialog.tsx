import { type Schedule, Schedules } from '@mainstay/proto/notify/v1/schedules'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { serviceOf } from '../../api/mainstay.ts'
import { ConfirmByName } from '../../components/dialog/confirm-by-name.tsx'
import { toast } from '../../components/toast/toast.tsx'

/** Deletes a schedule once its name has been typed: pausing is what can be undone. */
export function DeleteScheduleDialog({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const queries = useQueryClient()
  const { scheduleId, displayName } = schedule
  const remove = useMutation({
    mutationFn: () => serviceOf(Schedules).deleteSchedule({ scheduleId }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['schedules'] })
      toast.success(`${displayName} is deleted.`)
      onClose()
    },
  })
  return (
    <ConfirmByName
      open
      onOpenChange={onClose}
      title="Delete the schedule"
      consequence="It does not happen any more. What it has sent stays, and so does what waits to be sent."
      name={displayName}
      verb="Delete schedule"
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
    />
  )
}
