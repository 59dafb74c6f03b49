import type uPlot from 'uplot'
import { formatCompact } from '../../format/number.ts'
import { formatDay, formatMinute } from '../../format/time.ts'
import type { TimeSeries } from './time-series.ts'

const dayMs = 86_400_000

/** What uPlot needs to draw a time series in our theme: thin lines, quiet axes, a cross-hair shared by `syncKey`. */
export function plotOptions(
  data: TimeSeries,
  size: { width: number; height: number },
  colour: (property: string) => string,
  syncKey: string,
  onCursor: (index: number | undefined) => void,
  onPick: (fromIndex: number, toIndex: number) => void,
): uPlot.Options {
  const font = '11px "Inter Variable", system-ui, sans-serif'
  const axis = { stroke: colour('--ink-3'), font, ticks: { show: false }, gap: 6 }
  const rangeMs = (data.startMs.at(-1) ?? 0) - (data.startMs[0] ?? 0)
  return {
    ...size,
    ms: 1,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    scales: { y: { range: (_plot, _min, max) => [0, niceMaximum(max)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 72,
        values: (_plot, splits) =>
          splits.map((ms) => (rangeMs > 2 * dayMs ? formatDay(ms).slice(0, -5) : formatMinute(ms))),
        ...(rangeMs > 2 * dayMs && { incrs: [dayMs, 2 * dayMs] }),
      },
      {
        ...axis,
        grid: { stroke: colour('--line'), width: 1 },
        size: 44,
        space: 36,
        incrs: [
          1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7, 1e8,
        ],
        values: (_plot, splits) => splits.map((value) => formatCompact(value)),
      },
    ],
    cursor: {
      y: false,
      sync: { key: syncKey, setSeries: false },
      drag: { x: true, y: false, setScale: false },
      points: { size: 7, width: 2, fill: colour('--canvas') },
    },
    series: [
      {},
      // In the order of `plotColumns`. The span under way is dashed and paler: it will still grow.
      ...data.series.flatMap((line): uPlot.Series[] => [
        {
          label: line.label,
          stroke: colour(line.colour),
          width: 1.5,
          points: { show: false },
          ...(line.filled && { fill: withAlpha(colour(line.colour), 0.1) }),
        },
        {
          label: `${line.label} so far`,
          stroke: colour(line.colour),
          width: 1.5,
          dash: [3, 3],
          points: { show: false },
          ...(line.filled && { fill: withAlpha(colour(line.colour), 0.04) }),
        },
      ]),
    ],
    hooks: {
      setCursor: [(plot) => onCursor(plot.cursor.idx ?? undefined)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select
          if (width < 4) return
          onPick(plot.posToIdx(left), plot.posToIdx(left + width))
          plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
        },
      ],
    },
  }
}

/** A round top with a little air, and never less than 4, so that one message is not a mountain. */
function niceMaximum(max: number | null): number {
  const wanted = Math.max(4, (max ?? 0) * 1.08)
  const magnitude = 10 ** Math.floor(Math.log10(wanted))
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * magnitude >= wanted) ?? 10
  return step * magnitude
}

function withAlpha(colour: string, alpha: number): string {
  return `color-mix(in oklch, ${colour} ${alpha * 100}%, transparent)`
}
