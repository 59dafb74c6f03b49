import { cx } from '../../class-names.ts'
import type { Tone } from '../state-mark/state-mark.tsx'
import type { TimelineEvent } from './timeline-event.ts'

const ring: Record<Tone, string> = {
  ok: 'border-ok-dot text-ok',
  warn: 'border-warn-dot text-warn',
  bad: 'border-bad-dot text-bad',
  info: 'border-info-dot text-info',
  quiet: 'border-line-strong text-ink-2',
}

const filled: Record<Tone, string> = {
  ok: 'border-ok-dot bg-ok-dot text-canvas',
  warn: 'border-warn-dot bg-warn-dot text-canvas',
  bad: 'border-bad-dot bg-bad-dot text-canvas',
  info: 'border-info-dot bg-info-dot text-canvas',
  quiet: 'border-edge bg-edge text-canvas',
}

/** The colour of time spent: the rail below an event that took some. */
export const spent: Record<Tone, string> = {
  ok: 'bg-ok-dot',
  warn: 'bg-warn-dot',
  bad: 'bg-bad-dot',
  info: 'bg-info-dot',
  quiet: 'bg-edge',
}

/** An event's place on the rail: who did it, how it ended, and, as a thick stretch, that it took time. */
export function TimelineNode({
  event,
  isFirst,
  isLast,
}: {
  event: TimelineEvent
  isFirst: boolean
  isLast: boolean
}) {
  const Icon = event.icon
  const tookTime = event.durationMs !== undefined
  return (
    <div aria-hidden className="relative flex flex-col items-center">
      <span className={cx('h-[2px] w-px', !isFirst && 'bg-line-strong')} />
      <span className="relative">
        {event.running && (
          <span className={cx('absolute inset-0 rounded-full border animate-ripple', ring[event.tone])} />
        )}
        <span
          className={cx(
            'relative flex size-[24px] items-center justify-center rounded-full border',
            event.final ? filled[event.tone] : cx('bg-canvas', ring[event.tone]),
          )}
        >
          <Icon className="size-[13px]" strokeWidth={event.final ? 2.5 : 2} />
        </span>
      </span>
      {!isLast && (
        <span
          className={cx(
            'flex-1',
            tookTime ? cx('my-[3px] w-[3px] rounded-full', spent[event.tone]) : 'w-px bg-line-strong',
          )}
        />
      )}
    </div>
  )
}
