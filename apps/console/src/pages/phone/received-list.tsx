import type { SandboxItem } from '@mainstay/proto/notify/v1/sandbox'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { ScrollRegion } from '../../components/scroll-region/scroll-region.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { ChannelMark } from '../../notify/channel-mark.tsx'
import { channelNamed } from '../../notify/channels.ts'
import { textOf } from './messages-app.tsx'

/** Beside the phone: everything that came in, newest first; each row leads to the message's timeline. */
export function ReceivedList({ items, older }: { items: readonly SandboxItem[]; older: ReactNode }) {
  return (
    <section
      aria-label="Received"
      className="flex h-full min-h-0 min-w-0 flex-1 flex-col rounded-lg border border-line max-lg:hidden"
    >
      <h2 className="border-b border-line px-4 py-2.5 text-sm font-semibold">Received</h2>
      <ScrollRegion label="Received, scrollable" className="min-h-0 flex-1 overflow-y-auto">
        <ul>
          {items.map((item) => (
            <li key={item.itemId} className="relative border-b border-line px-4 py-2 hover:bg-hover">
              <p className="flex items-center gap-3 text-xs text-ink-3">
                <ChannelMark channel={channelNamed(item.channel)} />
                <span className="min-w-0 flex-1 truncate tabular">{item.to}</span>
                <RelativeTime time={item.receiveTime} />
              </p>
              <Link
                to={`/messages/${item.messageId}`}
                className="stretched block truncate text-sm outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
              >
                {textOf(item)}
              </Link>
            </li>
          ))}
        </ul>
        {older}
      </ScrollRegion>
    </section>
  )
}
