import { useUnknownMessages } from '../notify/unknown-messages.ts'

/** How many messages wait for a decision; nothing while none do. */
export function ReviewBadge({ dotOnly = false }: { dotOnly?: boolean }) {
  const { data } = useUnknownMessages({ refetchMs: 15_000 })
  if (!data || data.messages.length === 0) return null
  const count = `${data.messages.length}${data.hasMore ? '+' : ''}`
  if (dotOnly) {
    return (
      <span className="absolute top-1 right-1 size-2 rounded-full bg-warn-dot">
        <span className="sr-only">{count} waiting</span>
      </span>
    )
  }
  return (
    <span className="ml-auto rounded-full bg-warn-soft px-1.5 tabular text-2xs font-medium text-warn">
      {count}
      <span className="sr-only"> waiting</span>
    </span>
  )
}
