export { METRICS_CONTENT_TYPE } from './exposition.ts'
export {
  type Check,
  type CheckResult,
  createHealth,
  type Health,
  type HealthOptions,
  type Readiness,
} from './health.ts'
export { lineWriter } from './line-writer.ts'
export { createLogger, LOG_LEVELS, type Logger, type LoggerOptions, type LogLevel } from './log.ts'
export type { Labels } from './metric-family.ts'
export {
  type Counter,
  createMetrics,
  type Gauge,
  type Histogram,
  type HistogramOptions,
  type MetricOptions,
  type Metrics,
  SECONDS,
} from './metrics.ts'
export { registerProcessMetrics } from './process-metrics.ts'
export { describeError, maskSecrets, redact } from './redact.ts'
export {
  childTrace,
  continueTrace,
  currentTrace,
  formatTraceparent,
  newTrace,
  parseTraceparent,
  type Trace,
  withTrace,
} from './trace.ts'
