import type { MessageStats } from '@mainstay/proto/notify/v1'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { cx } from '../../class-names.ts'
import { Skeleton } from '../../components/skeleton/skeleton.tsx'
import { formatDuration, toDurationMs } from '../../format/duration.ts'
import { formatCount, formatShare } from '../../format/number.ts'
import { lookOf, problemStates } from '../../notify/message-states.ts'
import { totalsOf } from './use-stats.ts'

/** The numbers of the range in one line; each leads to the messages it counts. */
export function Figures({ stats, after }: { stats: MessageStats | undefined; after: string }) {
  const totals = stats && totalsOf(stats)
  const from = `after=${encodeURIComponent(after)}`
  const problems = problemStates.map((state) => `state=${lookOf(state).slug}`).join('&')
  return (
    <dl className="grid grid-cols-2 overflow-hidden rounded-lg border border-line bg-line max-md:gap-px md:flex md:[&>*+*]:border-l md:[&>*]:flex-1">
      <Figure name="Accepted" to={`/messages?${from}`} value={totals && formatCount(totals.accepted)} />
      <Figure
        name="Arrived"
        to={`/messages?state=sent&state=delivered&${from}`}
        value={totals && formatCount(totals.arrived)}
        note={totals && formatShare(totals.arrived, totals.accepted)}
      />
      <Figure
        name="Did not arrive"
        to={`/messages?${problems}&${from}`}
        value={totals && formatCount(totals.problems)}
        note={totals && formatShare(totals.problems, totals.accepted)}
        tone={totals && totals.problems > 0 ? 'text-bad' : undefined}
      />
      <Figure
        name="Unknown"
        to={`/messages?state=unknown&${from}`}
        value={totals && formatCount(totals.unknown)}
        note={totals && totals.unknown > 0 ? 'to resolve' : undefined}
        tone={totals && totals.unknown > 0 ? 'text-warn' : undefined}
      />
      <Figure
        name="In the queue now"
        to="/messages?state=queued"
        value={stats && formatCount(stats.queueDepth)}
      />
      <Figure name="Latency p50" value={stats && latency(stats.latencyP50)} />
      <Figure name="p95" value={stats && latency(stats.latencyP95)} />
      <Figure name="p99" value={stats && latency(stats.latencyP99)} />
    </dl>
  )
}

function Figure({
  name,
  value,
  note,
  tone,
  to,
}: {
  name: string
  value: ReactNode
  note?: string | undefined
  tone?: string | undefined
  to?: string
}) {
  return (
    <div className={cx('relative min-w-0 bg-canvas px-4 py-3', to && 'hover:bg-hover')}>
      <dt className="truncate text-xs text-ink-2">
        {to ? (
          <Link
            to={to}
            className="stretched outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-focus"
          >
            {name}
          </Link>
        ) : (
          name
        )}
      </dt>
      <dd className="mt-1 flex min-h-7 flex-wrap items-baseline gap-x-2">
        {value === undefined ? (
          <Skeleton className="mt-1.5 h-4 w-12" />
        ) : (
          <span className={cx('text-xl font-medium tracking-[-0.02em] tabular-nums whitespace-nowrap', tone)}>
            {value}
          </span>
        )}
        {note && <span className="text-xs text-ink-3">{note}</span>}
      </dd>
    </div>
  )
}

function latency(duration: MessageStats['latencyP50']): string {
  const ms = toDurationMs(duration)
  return ms === undefined ? '–' : formatDuration(ms)
}
