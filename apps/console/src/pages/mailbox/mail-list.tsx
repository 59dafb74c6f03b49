import type { Mail } from '@mainstay/proto/notify/v1'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import { Link, useNavigate } from 'react-router'
import { cx } from '../../class-names.ts'
import { useHotkeys } from '../../components/hotkeys/use-hotkeys.ts'
import { ScrollRegion } from '../../components/scroll-region/scroll-region.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'

const rowHeight = 76

/** The mails, three lines each. `j` and `k` read the next and the one before. */
export function MailList({
  mails,
  openId,
  hrefOf,
  onEndReached,
}: {
  mails: readonly Mail[]
  openId: string | undefined
  hrefOf: (mail: Mail) => string
  onEndReached: () => void
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const navigate = useNavigate()
  const virtualizer = useVirtualizer({
    count: mails.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
  })
  const items = virtualizer.getVirtualItems()
  const lastIndex = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (lastIndex >= mails.length - 10) onEndReached()
  }, [lastIndex, mails.length, onEndReached])

  function step(by: number): void {
    const at = mails.findIndex((mail) => mail.mailId === openId)
    const next = Math.min(mails.length - 1, Math.max(0, at < 0 ? 0 : at + by))
    const mail = mails[next]
    if (!mail) return
    virtualizer.scrollToIndex(next)
    void navigate(hrefOf(mail), { replace: openId !== undefined })
  }
  useHotkeys({ j: () => step(1), k: () => step(-1) })

  return (
    <ScrollRegion ref={scroller} label="Mails, scrollable" className="h-full overflow-y-auto">
      <ul aria-label="Mails" className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => {
          const mail = mails[item.index]
          return (
            mail && (
              <li
                key={mail.mailId}
                className="absolute inset-x-0 top-0"
                style={{ height: rowHeight, transform: `translateY(${item.start}px)` }}
              >
                <MailRow mail={mail} href={hrefOf(mail)} open={mail.mailId === openId} />
              </li>
            )
          )
        })}
      </ul>
    </ScrollRegion>
  )
}

function MailRow({ mail, href, open }: { mail: Mail; href: string; open: boolean }) {
  return (
    <Link
      to={href}
      aria-current={open || undefined}
      className={cx(
        'flex h-full flex-col justify-center border-b border-line px-4 focus-visible:-outline-offset-2',
        open ? 'bg-selected' : 'hover:bg-hover',
      )}
    >
      <span className="flex items-baseline gap-3">
        <span className="min-w-0 flex-1 truncate text-sm font-medium">{mail.subject || 'No subject'}</span>
        <span className="shrink-0 text-xs text-ink-3">
          <RelativeTime time={mail.receiveTime} />
        </span>
      </span>
      <span className="truncate text-xs leading-[18px] text-ink-2">to {mail.to.join(', ')}</span>
      <span className="truncate text-xs leading-[18px] text-ink-3">{mail.snippet}</span>
    </Link>
  )
}
