import { ChevronRight } from 'lucide-react'
import { type ReactNode, useId, useState } from 'react'
import { cx } from '../../class-names.ts'
import { formatDuration } from '../../format/duration.ts'
import { formatAbsolute, formatClock } from '../../format/time.ts'
import type { TimelineEvent } from './timeline-event.ts'
import { TimelineNode } from './timeline-node.tsx'

export const timelineGrid =
  'grid grid-cols-[92px_40px_minmax(0,1fr)] max-sm:grid-cols-[86px_34px_minmax(0,1fr)]'

/** One event: its time, its place on the rail, its line, and, opened, its payload. */
export function TimelineRow({
  event,
  sinceStartMs,
  waitedMs,
  isFirst,
  isLast,
}: {
  event: TimelineEvent
  sinceStartMs: number
  waitedMs: number | undefined
  isFirst: boolean
  isLast: boolean
}) {
  const bodyId = useId()
  const [open, setOpen] = useState(event.startsOpen ?? false)
  return (
    <li className="group/event">
      {waitedMs !== undefined && <Wait ms={waitedMs} />}
      <div className={cx(timelineGrid, 'min-h-11')}>
        <EventTime event={event} sinceStartMs={sinceStartMs} isFirst={isFirst} />
        <TimelineNode event={event} isFirst={isFirst && waitedMs === undefined} isLast={isLast} />
        <div className="min-w-0 pb-3">
          <Line event={event} open={open} bodyId={bodyId} onToggle={() => setOpen(!open)} />
          {event.body && open && (
            <div id={bodyId} className="flex flex-col gap-3 pt-2 pb-1 pl-2 animate-appear">
              {event.body}
            </div>
          )}
        </div>
      </div>
    </li>
  )
}

function EventTime({
  event,
  sinceStartMs,
  isFirst,
}: {
  event: TimelineEvent
  sinceStartMs: number
  isFirst: boolean
}) {
  const iso = new Date(event.atMs).toISOString()
  return (
    <div className="pt-1 text-right tabular text-xs leading-[18px]">
      <time dateTime={iso} title={formatAbsolute(event.atMs)} className="block text-ink-2">
        {formatClock(event.atMs)}
      </time>
      {event.durationMs !== undefined ? (
        <span className="block font-medium text-ink">
          <span className="sr-only">took </span>
          {formatDuration(event.durationMs)}
        </span>
      ) : (
        !isFirst && (
          <span className="block text-ink-3" title="Since the first event">
            +{formatDuration(sinceStartMs)}
          </span>
        )
      )}
    </div>
  )
}

function Line({
  event,
  open,
  bodyId,
  onToggle,
}: {
  event: TimelineEvent
  open: boolean
  bodyId: string
  onToggle: () => void
}) {
  const text = (
    <>
      <span className="shrink-0 font-medium max-sm:min-w-0 max-sm:basis-[calc(100%-30px)]">
        {event.title}
      </span>
      {event.summary && !open && (
        <span className="min-w-0 truncate tabular text-xs text-ink-2 max-sm:order-last max-sm:basis-full">
          {event.summary}
        </span>
      )}
      <span className="ml-auto shrink-0 pl-2 text-xs text-ink-3 max-sm:hidden">{event.actor}</span>
    </>
  )
  const row =
    'flex min-h-[26px] w-full min-w-0 items-center gap-x-2 rounded-sm px-2 text-left text-sm max-sm:flex-wrap'
  if (!event.body) return <div className={cx(row, 'sm:pr-[30px]')}>{text}</div>
  return (
    <button
      type="button"
      aria-expanded={open}
      aria-controls={open ? bodyId : undefined}
      onClick={onToggle}
      className={cx(row, 'hover:bg-hover')}
    >
      {text}
      <ChevronRight
        aria-hidden
        className={cx('size-3.5 shrink-0 text-ink-3 transition-transform duration-100', open && 'rotate-90')}
      />
    </button>
  )
}

/** Time in which nothing happened: the rail goes on, dashed, and says how long. */
function Wait({ ms }: { ms: number }): ReactNode {
  return (
    <div className={timelineGrid}>
      <span />
      <span aria-hidden className="mx-auto h-full w-0 border-l border-dashed border-edge" />
      <span className="pb-3 pl-2 text-xs text-ink-3">waited {formatDuration(ms)}</span>
    </div>
  )
}
