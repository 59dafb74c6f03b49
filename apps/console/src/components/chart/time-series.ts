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
  series: readonly Series[]
}
