import type { Metrics } from '@mainstay/kernel'

export interface AcceptMetrics {
  /** One commit of so many drafts, and how long it took. */
  committed(drafts: number, seconds: number): void
  /** The queue was full. */
  refused(): void
}

/** @param depth how many drafts wait or are being stored now. */
export function createAcceptMetrics(metrics: Metrics, depth: () => number): AcceptMetrics {
  const accepted = metrics.counter({
    name: 'mainstay_notify_accepted_total',
    help: 'Notifications stored.',
  })
  const commits = metrics.histogram({
    name: 'mainstay_notify_accept_commit_seconds',
    help: 'How long commits of accepted notifications took; with mainstay_notify_accepted_total, the size of a batch.',
  })
  const overloaded = metrics.counter({
    name: 'mainstay_notify_accept_overloaded_total',
    help: 'Notifications refused because too many waited to be stored.',
  })
  metrics
    .gauge({
      name: 'mainstay_notify_accept_waiting',
      help: 'Notifications that wait to be stored or are being stored.',
    })
    .collect((gauge) => gauge.set(depth()))
  return {
    committed(drafts, seconds) {
      accepted.inc(undefined, drafts)
      commits.observe(seconds)
    },
    refused: () => overloaded.inc(),
  }
}
