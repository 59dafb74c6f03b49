import { renderFamilies } from './exposition.ts'
import { Family, type Labels, type Metric } from './metric-family.ts'

export interface Counter {
  /** Adds `by`, at least 0. Default 1. */
  inc(labels?: Labels, by?: number): void
  /** One series, looked up once: for hot paths. */
  with(labels: Labels): { inc(by?: number): void }
  /** Called before each reading, to count what is counted elsewhere. */
  collect(read: (counter: Counter) => void): void
}

export interface Gauge {
  set(value: number, labels?: Labels): void
  inc(labels?: Labels, by?: number): void
  dec(labels?: Labels, by?: number): void
  /** Reads the value when somebody asks for it, instead of keeping it up to date. */
  collect(read: (gauge: Gauge) => void): void
}

export interface Histogram {
  /** Counts one observation, in the unit of the metric's name. */
  observe(value: number, labels?: Labels): void
  with(labels: Labels): { observe(value: number): void }
  /** Starts a stopwatch; calling the result observes the seconds since. */
  startTimer(labels?: Labels): () => number
}

export interface MetricOptions {
  /** Snake case with unit and, for counters, `_total`: `mainstay_http_request_seconds`. */
  name: string
  help: string
  /** Names of the labels. Never personal data, and never an id: each combination of values is a series for ever. */
  labels?: readonly string[]
}

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds, rising, without infinity. Default `SECONDS`. */
  buckets?: readonly number[]
}

export interface Metrics {
  /** Asking again for a name returns the same metric; asking for it as something else throws. */
  counter(options: MetricOptions): Counter
  gauge(options: MetricOptions): Gauge
  histogram(options: HistogramOptions): Histogram
  /** Prometheus text exposition format 0.0.4; serve it as `METRICS_CONTENT_TYPE`. */
  render(): string
  /** The current value of one series (a histogram's count), for tests and the console; 0 when never touched. */
  read(name: string, labels?: Labels): number
}

/** Durations from a cached lookup to a slow provider call. */
export const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const

/**
 * A registry of counters, gauges and histograms with fixed buckets. It is small on purpose: an increment is one map
 * lookup, and there is no second way to do anything.
 */
export function createMetrics(): Metrics {
  const families = new Map<string, Family>()

  function family(kind: Metric['kind'], options: HistogramOptions): Family {
    const existing = families.get(options.name)
    const made = new Family(kind, options)
    if (existing === undefined) {
      families.set(options.name, made)
      return made
    }
    if (existing.kind !== kind || existing.labels.join() !== made.labels.join()) {
      throw new TypeError(
        `The metric ${options.name} exists already, as a ${existing.kind} of ${existing.labels}`,
      )
    }
    return existing
  }

  return {
    counter(options) {
      const counters = family('counter', options)
      const add = (series: { value: number }, by: number): void => {
        if (by < 0) throw new RangeError(`The counter ${options.name} cannot go down`)
        series.value += by
      }
      const counter: Counter = {
        inc: (labels, by = 1) => add(counters.series(labels), by),
        with(labels) {
          const series = counters.series(labels)
          return { inc: (by = 1) => add(series, by) }
        },
        collect(read) {
          counters.collectors.push(() => read(counter))
        },
      }
      return counter
    },
    gauge(options) {
      const gauges = family('gauge', options)
      const gauge: Gauge = {
        set(value, labels) {
          gauges.series(labels).value = value
        },
        inc(labels, by = 1) {
          gauges.series(labels).value += by
        },
        dec(labels, by = 1) {
          gauges.series(labels).value -= by
        },
        collect(read) {
          gauges.collectors.push(() => read(gauge))
        },
      }
      return gauge
    },
    histogram(options) {
      const histograms = family('histogram', { buckets: SECONDS, ...options })
      const observe = (value: number, labels?: Labels): void =>
        histograms.observe(histograms.series(labels), value)
      return {
        observe,
        with(labels) {
          const series = histograms.series(labels)
          return { observe: (value) => histograms.observe(series, value) }
        },
        startTimer(labels) {
          const startedAt = performance.now()
          return () => {
            const seconds = (performance.now() - startedAt) / 1000
            observe(seconds, labels)
            return seconds
          }
        },
      }
    },
    render: () => renderFamilies(families.values()),
    read(name, labels) {
      const found = families.get(name)
      if (found === undefined) return 0
      found.collect()
      const series = found.find(labels)
      return series === undefined ? 0 : found.kind === 'histogram' ? series.count : series.value
    },
  }
}
