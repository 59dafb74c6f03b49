/** One line of a chart. */
export interface Series {
  label: string
  /** A custom property of the theme, for example `--series-1`. */
  colour: string
  /** Filled below, for the one line that matters most. */
  filled?: boolean
  values: readonly number[]
}

/** Lines over the same points in time. */
export interface TimeSeries {
  /** When each point's span begins, in milliseconds since the epoch. */
  startMs: readonly number[]
  /** How long each span is. */
  spanMs: number
  /** The last span is under way: its values are what there is so far, and are drawn as such. */
  running: boolean
  series: readonly Series[]
}

/**
 * The values as a plot draws them: the times, then every line twice, first its whole spans and then its way into the
 * span under way. Where a line has nothing to draw it is null.
 */
export function plotColumns({ startMs, series, running }: TimeSeries): [number[], ...(number | null)[][]] {
  const last = startMs.length - 1
  const whole = (values: readonly number[]) =>
    values.map((value, at) => (running && at === last ? null : value))
  const under = (values: readonly number[]) =>
    values.map((value, at) => (running && at >= last - 1 ? value : null))
  return [[...startMs], ...series.flatMap(({ values }) => [whole(values), under(values)])]
}
