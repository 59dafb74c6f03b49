import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import type { Metrics } from './metrics.ts'

/**
 * Registers what Prometheus dashboards expect of any process: memory, CPU, start time, event loop lag, garbage
 * collection. Names follow the client libraries' conventions. The lag's p99 is taken between two scrapes.
 *
 * @returns a function that stops the observers.
 */
export function registerProcessMetrics(metrics: Metrics): () => void {
  const gauge = (name: string, help: string, read: () => number): void =>
    metrics.gauge({ name, help }).collect((self) => self.set(read()))

  gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', () => process.memoryUsage.rss())
  gauge('process_start_time_seconds', 'Start time of the process since the Unix epoch in seconds.', () => {
    return Math.round(performance.timeOrigin) / 1000
  })
  gauge('nodejs_heap_used_bytes', 'JavaScript heap in use in bytes.', () => process.memoryUsage().heapUsed)

  let counted = 0
  metrics
    .counter({ name: 'process_cpu_seconds_total', help: 'Total user and system CPU time spent in seconds.' })
    .collect((cpu) => {
      const { user, system } = process.cpuUsage()
      const total = (user + system) / 1e6
      cpu.inc(undefined, Math.max(0, total - counted))
      counted = total
    })

  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  gauge(
    'nodejs_eventloop_lag_p99_seconds',
    '99th percentile of the event loop lag since the last scrape.',
    () => {
      const lag = delay.percentile(99) / 1e9
      delay.reset()
      return Number.isFinite(lag) ? lag : 0
    },
  )

  const pauses = metrics.histogram({
    name: 'nodejs_gc_duration_seconds',
    help: 'Garbage collection pauses by kind.',
    labels: ['kind'],
    buckets: [0.001, 0.01, 0.1, 1],
  })
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as unknown as { detail: { kind: number } }).detail
      pauses.observe(entry.duration / 1000, { kind: GC_KINDS.get(kind) ?? 'other' })
    }
  })
  observer.observe({ entryTypes: ['gc'] })

  return () => {
    delay.disable()
    observer.disconnect()
  }
}

const GC_KINDS = new Map<number, string>([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
])
