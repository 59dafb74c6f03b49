import type { Duration } from '@bufbuild/protobuf/wkt'
import { durationMs } from '@bufbuild/protobuf/wkt'

/** Milliseconds, with fractions; undefined where the contract says "unset". */
export function toDurationMs(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : durationMs(duration)
}

/** Three digits that matter, in the unit that suits: `0.4 ms`, `38 ms`, `1.24 s`, `2 min 5 s`, `3 h 10 min`, `2 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 10) return `${trim(ms.toFixed(1))} ms`
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${(ms / 1_000).toFixed(2)} s`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  if (ms < 3_600_000) return pair(ms, 60_000, 'min', 1_000, 's')
  if (ms < 86_400_000) return pair(ms, 3_600_000, 'h', 60_000, 'min')
  return pair(ms, 86_400_000, 'd', 3_600_000, 'h')
}

function pair(ms: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % big) / small)
  return `${Math.floor(ms / big)} ${bigName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`
}

function trim(text: string): string {
  return text.replace(/\.0$/, '')
}
