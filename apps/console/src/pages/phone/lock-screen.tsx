import type { SandboxItem } from '@mainstay/proto/notify/v1/sandbox'
import { ScrollRegion } from '../../components/scroll-region/scroll-region.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { useClock } from '../../format/clock.ts'
import { formatDay, formatMinute } from '../../format/time.ts'
import { senderName } from './conversations.ts'
import { Avatar, TimelineLink } from './messages-app.tsx'

/** Pushes as a locked phone shows them. Pictures are not loaded: their address stands there instead. */
export function LockScreen({ items }: { items: readonly SandboxItem[] }) {
  const time = useClock((nowMs) => formatMinute(nowMs))
  const day = useClock((nowMs) => formatDay(nowMs))
  return (
    <div className="flex min-h-0 flex-1 flex-col bg-sunken">
      <div aria-hidden className="py-6 text-center max-lg:py-4">
        <p className="text-sm text-ink-2">{day}</p>
        <p className="text-[56px] leading-[60px] font-semibold tracking-[-0.03em]">{time}</p>
      </div>
      <ScrollRegion label="Notifications, scrollable" className="min-h-0 flex-1 overflow-y-auto px-3 pb-3">
        <ol aria-label="Notifications" className="flex flex-col gap-2">
          {items.map((item) => (
            <PushCard key={item.itemId} item={item} />
          ))}
        </ol>
      </ScrollRegion>
    </div>
  )
}

function PushCard({ item }: { item: SandboxItem }) {
  const { data, imageUrl, actionUrl } = item.detail ?? {}
  const pairs = data !== null && typeof data === 'object' && !Array.isArray(data) ? Object.entries(data) : []
  return (
    <li className="flex gap-3 rounded-2xl border border-line bg-raised px-3 py-2.5 animate-rise">
      <Avatar name={senderName(item.from)} />
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-2 text-xs text-ink-3">
          <span className="min-w-0 flex-1 truncate">{senderName(item.from)}</span>
          <RelativeTime time={item.receiveTime} />
        </p>
        {item.title && <p className="text-sm font-semibold [overflow-wrap:anywhere]">{item.title}</p>}
        <p className="text-sm whitespace-pre-wrap [overflow-wrap:anywhere]">{item.body}</p>
        {imageUrl && <Fact name="Picture" value={String(imageUrl)} />}
        {actionUrl && <Fact name="Opens" value={String(actionUrl)} />}
        {pairs.map(([name, value]) => (
          <Fact key={name} name={name} value={String(value)} />
        ))}
        <p className="mt-1 flex min-w-0 gap-2 text-2xs text-ink-3">
          <span className="min-w-0 truncate">to {item.to}</span>
          <TimelineLink item={item} />
        </p>
      </div>
    </li>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <p className="truncate text-xs text-ink-2" title={value}>
      <span className="text-ink-3">{name}</span> <span className="tabular">{value}</span>
    </p>
  )
}
