import type { Timestamp } from '@bufbuild/protobuf/wkt'
import { useClock } from '../../format/clock.ts'
import { formatAbsolute, formatRelative, toMs } from '../../format/time.ts'

/** `4 min ago`, ticking, with the absolute time on hover. Shows `otherwise` where the contract leaves it unset. */
export function RelativeTime({ time, otherwise = '–' }: { time: Timestamp | undefined; otherwise?: string }) {
  const ms = toMs(time)
  return ms === undefined ? <span className="text-ink-3">{otherwise}</span> : <Ticking ms={ms} />
}

function Ticking({ ms }: { ms: number }) {
  const label = useClock((nowMs) => formatRelative(ms, nowMs))
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatAbsolute(ms)} className="whitespace-nowrap">
      {label}
    </time>
  )
}
