import type { MessageStats } from '@mainstay/proto/notify/v1'
import { Link } from 'react-router'
import { Card, Section } from '../../components/page/page.tsx'
import { Skeleton } from '../../components/skeleton/skeleton.tsx'
import { dotTone } from '../../components/state-mark/state-mark.tsx'
import { formatCount } from '../../format/number.ts'
import { MessageStateMark } from '../../notify/message-state-mark.tsx'
import { messageStates } from '../../notify/message-states.ts'

/** Where the messages of the range stand now, in the order of a message's life. */
export function ByState({ stats, after }: { stats: MessageStats | undefined; after: string }) {
  const counts = new Map(stats?.stateCounts.map((one) => [one.state, Number(one.count)]))
  const most = Math.max(1, ...counts.values())
  const shown = [...messageStates].filter(([state]) => (counts.get(state) ?? 0) > 0)
  return (
    <Section title="By state">
      <Card>
        {!stats ? (
          <div className="flex flex-col gap-4 p-4">
            <Skeleton className="w-full" />
            <Skeleton className="w-2/3" />
            <Skeleton className="w-1/2" />
          </div>
        ) : shown.length === 0 ? (
          <p className="px-4 py-6 text-sm text-ink-2">No messages in this range.</p>
        ) : (
          <ul className="py-1.5">
            {shown.map(([state, look]) => (
              <li key={state} className="relative flex items-center gap-3 px-4 py-1 text-sm hover:bg-hover">
                <Link
                  to={`/messages?state=${look.slug}&after=${encodeURIComponent(after)}`}
                  className="stretched w-28 shrink-0"
                >
                  <MessageStateMark message={{ state }} />
                </Link>
                <span aria-hidden className="h-1 min-w-0 flex-1 overflow-hidden rounded-full bg-sunken">
                  <span
                    className={`block h-full min-w-[2px] rounded-full ${dotTone[look.tone]}`}
                    style={{ width: `${(100 * (counts.get(state) ?? 0)) / most}%` }}
                  />
                </span>
                <span className="w-16 text-right tabular text-ink-2">
                  {formatCount(counts.get(state) ?? 0)}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Card>
    </Section>
  )
}
