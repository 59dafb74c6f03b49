import { useClock } from '../../format/clock.ts'
import { formatClock, formatRelative } from '../../format/time.ts'
import type { ExpectedEvent } from './timeline-event.ts'
import { timelineGrid } from './timeline-row.tsx'

/** The open end of the line: what happens next, and when. */
export function ExpectedRow({ expected }: { expected: ExpectedEvent }) {
  return (
    <li className={timelineGrid}>
      <div className="pt-1 text-right tabular text-xs leading-[18px] text-ink-3">
        {expected.atMs !== undefined && <Due ms={expected.atMs} />}
      </div>
      <div aria-hidden className="relative flex flex-col items-center">
        <span className="h-[2px] w-px bg-line-strong" />
        <span className="relative mt-[7px] flex size-2.5">
          <span className="absolute inset-0 rounded-full bg-accent animate-ripple" />
          <span className="relative size-2.5 rounded-full bg-accent" />
        </span>
      </div>
      <div className="flex min-h-[30px] items-center px-2 text-sm text-ink-2">{expected.title}</div>
    </li>
  )
}

function Due({ ms }: { ms: number }) {
  const when = useClock((nowMs) => (ms <= nowMs ? 'due now' : formatRelative(ms, nowMs)))
  return (
    <>
      <time dateTime={new Date(ms).toISOString()} className="block">
        {formatClock(ms)}
      </time>
      <span className="block">{when}</span>
    </>
  )
}
