import { InboxSeverity } from '@mainstay/proto/notify/v1/channels'
import type { SandboxItem } from '@mainstay/proto/notify/v1/sandbox'
import { ScrollRegion } from '../../components/scroll-region/scroll-region.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { TimelineLink } from './messages-app.tsx'

/** How much an item matters, as a word and the colour of its dot. */
const severities: Partial<Record<InboxSeverity, { word: string; dot: string }>> = {
  [InboxSeverity.SUCCESS]: { word: 'Success', dot: 'bg-ok-dot' },
  [InboxSeverity.WARNING]: { word: 'Warning', dot: 'bg-warn-dot' },
  [InboxSeverity.CRITICAL]: { word: 'Critical', dot: 'bg-bad-dot' },
}

/** Inbox items as people see them inside an app, of all recipients together. */
export function InboxApp({ items }: { items: readonly SandboxItem[] }) {
  return (
    <>
      <p className="border-b border-line px-4 py-3 text-base font-semibold">Inbox</p>
      <ScrollRegion label="Inbox, scrollable" className="min-h-0 flex-1 overflow-y-auto">
        <ol aria-label="Inbox items" className="divide-y divide-line">
          {items.map((item) => (
            <InboxEntry key={item.itemId} item={item} />
          ))}
        </ol>
      </ScrollRegion>
    </>
  )
}

function InboxEntry({ item }: { item: SandboxItem }) {
  const { severity, actionLabel, actionUrl, groupKey } = item.detail ?? {}
  const look = severities[Number(severity) as InboxSeverity]
  return (
    <li className="flex gap-3 px-4 py-3 animate-rise">
      <span aria-hidden className={`mt-1.5 size-2 shrink-0 rounded-full ${look?.dot ?? 'bg-accent'}`} />
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-2">
          <span className="min-w-0 flex-1 text-sm font-semibold [overflow-wrap:anywhere]">
            {look && <span className="sr-only">{look.word}: </span>}
            {item.title}
          </span>
          <span className="text-xs text-ink-3">
            <RelativeTime time={item.receiveTime} />
          </span>
        </p>
        {item.body && (
          <p className="text-sm whitespace-pre-wrap text-ink-2 [overflow-wrap:anywhere]">{item.body}</p>
        )}
        {actionUrl && (
          <p className="mt-1 truncate text-xs text-ink-2" title={String(actionUrl)}>
            {actionLabel && <span className="mr-1.5 font-medium text-accent">{String(actionLabel)}</span>}
            <span className="tabular">{String(actionUrl)}</span>
          </p>
        )}
        <p className="mt-1 flex min-w-0 gap-2 text-2xs text-ink-3">
          <span className="min-w-0 truncate">to {item.to}</span>
          {groupKey && <span className="min-w-0 truncate">group {String(groupKey)}</span>}
          <TimelineLink item={item} />
        </p>
      </div>
    </li>
  )
}
