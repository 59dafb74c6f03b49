import type { Metrics } from '@mainstay/kernel'
import type { ProviderResult } from '../providers/adapter.ts'
import { LANE_NAMES, type Lane } from './lanes.ts'

/** What delivery counts. Labels are classes and outcomes only: projects and accounts would be a series each. */
export function createDeliverMetrics(metrics: Metrics) {
  const attempts = metrics.counter({
    name: 'mainstay_notify_attempts_total',
    help: 'Attempts to hand a message to a provider, by class and outcome.',
    labels: ['class', 'outcome'],
  })
  const claimed = metrics.counter({
    name: 'mainstay_notify_claimed_total',
    help: 'Messages claimed for an attempt.',
  })
  const claims = metrics.counter({
    name: 'mainstay_notify_claims_total',
    help: 'Commits that claimed messages: with mainstay_notify_claimed_total, the size of a batch.',
  })
  const recorded = metrics.counter({
    name: 'mainstay_notify_recorded_total',
    help: 'Ended attempts recorded.',
  })
  const recordings = metrics.counter({
    name: 'mainstay_notify_recordings_total',
    help: 'Commits that recorded ended attempts.',
  })
  const reaped = metrics.counter({
    name: 'mainstay_notify_reaped_total',
    help: 'Attempts that dead workers left behind, settled as unknown.',
  })
  const series = new Map<string, { inc(by?: number): void }>()
  return {
    attempt(lane: Lane, outcome: ProviderResult['outcome']): void {
      const key = `${lane}${outcome}`
      let one = series.get(key)
      if (one === undefined) {
        one = attempts.with({ class: LANE_NAMES[lane], outcome })
        series.set(key, one)
      }
      one.inc()
    },
    claimed(count: number): void {
      claims.inc()
      claimed.inc(undefined, count)
    },
    recorded(count: number): void {
      recordings.inc()
      recorded.inc(undefined, count)
    },
    reaped: (count: number): void => reaped.inc(undefined, count),
  }
}
