import { cx } from '../../class-names.ts'
import { formatDuration } from '../../format/duration.ts'
import { endMs, type TimelineEvent } from './timeline-event.ts'
import { spent } from './timeline-node.tsx'

/**
 * The whole story to scale, on one strip: what took time is a bar, what took none is a tick, and the empty stretches
 * are waiting. It shows at a glance whether the time went to us, to the provider, or to the pause between attempts.
 */
export function Lifeline({ events, open }: { events: readonly TimelineEvent[]; open: boolean }) {
  const startMs = events[0]?.atMs ?? 0
  const totalMs = Math.max(...events.map(endMs)) - startMs
  if (totalMs <= 0) return null
  const percent = (ms: number) => `${(100 * ms) / totalMs}%`
  const busyMs = events.reduce((sum, event) => sum + (event.durationMs ?? 0), 0)
  return (
    <figure>
      <figcaption className="flex items-baseline justify-between gap-3 text-xs text-ink-3">
        <span>
          <span className="tabular font-medium text-ink">{formatDuration(totalMs)}</span>
          {open ? ' so far' : ' from start to end'}
        </span>
        {busyMs > 0 && <span>{formatDuration(busyMs)} with the provider</span>}
      </figcaption>
      <div aria-hidden className="relative mt-2 h-[22px]">
        <div className="absolute inset-x-0 top-[10px] h-[2px] rounded-full bg-line-strong" />
        {events.map((event) => (
          <span
            key={event.id}
            title={`${event.title}${event.durationMs ? `, ${formatDuration(event.durationMs)}` : ''}`}
            style={{
              left: percent(event.atMs - startMs),
              width: event.durationMs ? percent(event.durationMs) : undefined,
            }}
            className={cx(
              'absolute',
              event.durationMs
                ? cx('top-[5px] h-3 min-w-[3px] rounded-[2px] opacity-90', spent[event.tone])
                : cx(
                    'top-[6px] h-2.5 w-[2px] -translate-x-px rounded-full',
                    event.final ? cx('!top-[3px] !h-4 !w-[3px]', spent[event.tone]) : 'bg-edge',
                  ),
            )}
          />
        ))}
      </div>
      <div aria-hidden className="flex justify-between tabular text-2xs text-ink-3">
        <span>0</span>
        <span>{formatDuration(totalMs / 2)}</span>
        <span>{formatDuration(totalMs)}</span>
      </div>
    </figure>
  )
}
