import 'uplot/dist/uPlot.min.css'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import { cx } from '../../class-names.ts'
import { formatCount } from '../../format/number.ts'
import { formatDayAndMinute } from '../../format/time.ts'
import { useShownTheme } from '../../theme/theme.ts'
import { plotOptions } from './plot-options.ts'
import { plotColumns, type TimeSeries } from './time-series.ts'

/**
 * A line chart over time. Its legend reads the values under the cross-hair, which moves through every chart of the
 * same `syncKey`. A click, a dragged span, or Enter shows the rows behind it. Arrow keys move the cross-hair.
 */
export function TimeChart({
  label,
  data,
  height,
  syncKey,
  onPick,
}: {
  label: string
  data: TimeSeries
  height: number
  syncKey: string
  /** The span that was picked, in milliseconds since the epoch; the end is not part of it. */
  onPick: (fromMs: number, toMs: number) => void
}) {
  const [index, setIndex] = useState<number>()
  const plot = useRef<uPlot>(undefined)
  const pick = (from: number, to: number) => {
    const start = data.startMs[from]
    const end = data.startMs[to]
    if (start !== undefined && end !== undefined) onPick(start, end + data.spanMs)
  }

  function onKeyDown(event: KeyboardEvent): void {
    const last = data.startMs.length - 1
    if (event.key === 'Enter' && index !== undefined) pick(index, index)
    // Without a cross-hair, a step to the right begins at the first point and one to the left at the last.
    const next = {
      ArrowLeft: (index ?? last + 1) - 1,
      ArrowRight: (index ?? -1) + 1,
      Home: 0,
      End: last,
    }[event.key]
    if (next === undefined) return
    event.preventDefault()
    const shown = Math.min(last, Math.max(0, next))
    const left = plot.current?.valToPos(data.startMs[shown] ?? 0, 'x') ?? 0
    plot.current?.setCursor({ left, top: height / 2 })
  }

  return (
    <figure className="min-w-0">
      <figcaption className="flex min-h-6 flex-wrap items-center gap-x-4 gap-y-1 px-4 pt-3">
        <span className="mr-auto text-sm font-medium">{label}</span>
        <Legend data={data} index={index} />
      </figcaption>
      {/* biome-ignore lint/a11y/useSemanticElements: a chart that is worked by keyboard is not a set of form fields */}
      <div
        role="group"
        aria-label={`${label}. Arrow keys read the values, Enter shows the messages.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the cross-hair must be reachable by keyboard
        tabIndex={0}
        onKeyDown={onKeyDown}
        className="px-1 pb-1"
      >
        <Plot
          data={data}
          height={height}
          syncKey={syncKey}
          plotRef={plot}
          onCursor={setIndex}
          onPick={pick}
        />
      </div>
    </figure>
  )
}

function Legend({ data, index }: { data: TimeSeries; index: number | undefined }) {
  const at = index === undefined ? undefined : data.startMs[index]
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-ink-2" aria-live="polite">
      {data.series.map((line) => (
        <span key={line.label} className="inline-flex items-center gap-1.5">
          <span
            aria-hidden
            className="h-[2px] w-3 rounded-full"
            style={{ background: `var(${line.colour})` }}
          />
          {line.label}
          {index !== undefined && (
            <span className="tabular font-medium text-ink">{formatCount(line.values[index] ?? 0)}</span>
          )}
        </span>
      ))}
      <span className={cx('tabular text-right text-ink-3', at !== undefined && 'min-w-[92px]')}>
        {at !== undefined && formatDayAndMinute(at)}
        {data.running && index === data.startMs.length - 1 && ' so far'}
      </span>
    </div>
  )
}

interface PlotProps {
  data: TimeSeries
  height: number
  syncKey: string
  plotRef: { current: uPlot | undefined }
  onCursor: (index: number | undefined) => void
  onPick: (from: number, to: number) => void
}

/** The canvas. It is made anew when the theme, the size or the shape changes; new numbers only redraw it. */
function Plot({ data, height, syncKey, plotRef, onCursor, onPick }: PlotProps) {
  const host = useRef<HTMLDivElement>(null)
  const latest = useRef({ data, onCursor, onPick })
  const shown = useShownTheme()
  const shape = `${data.spanMs} ${data.series.map((line) => line.label).join()}`

  useEffect(() => {
    latest.current = { data, onCursor, onPick }
    plotRef.current?.setData(plotColumns(data))
  }, [data, onCursor, onPick, plotRef])

  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for what of the data makes another chart; `shown` for its colours
  useEffect(() => {
    const node = host.current
    if (!node) return
    const style = getComputedStyle(document.documentElement)
    const plot = new uPlot(
      plotOptions(
        latest.current.data,
        { width: node.clientWidth, height },
        (property) => style.getPropertyValue(property).trim(),
        syncKey,
        (index) => latest.current.onCursor(index),
        (from, to) => latest.current.onPick(from, to),
      ),
      plotColumns(latest.current.data),
      node,
    )
    plot.over.addEventListener('click', () => {
      const index = plot.cursor.idx
      if (index != null) latest.current.onPick(index, index)
    })
    plotRef.current = plot
    const resizer = new ResizeObserver(() => plot.setSize({ width: node.clientWidth, height }))
    resizer.observe(node)
    return () => {
      resizer.disconnect()
      plot.destroy()
      plotRef.current = undefined
    }
  }, [shown, shape, height, syncKey])

  return <div ref={host} aria-hidden className="cursor-crosshair overflow-hidden" style={{ height }} />
}
