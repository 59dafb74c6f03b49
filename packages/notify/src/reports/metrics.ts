import type { Metrics } from '@mainstay/kernel'
import type { ProviderEventKind } from '../providers/reports.ts'

export interface ReportMetrics {
  report(kind: string, result: 'taken' | 'forged' | 'malformed' | 'refused' | 'failed'): void
  event(kind: string, event: ProviderEventKind): void
  /** The project does not want to know. */
  dropped(kind: string, event: ProviderEventKind): void
}

export function createReportMetrics(metrics: Metrics): ReportMetrics {
  const reports = metrics.counter({
    name: 'mainstay_notify_reports_total',
    help: 'Reports of providers, by the kind of account and by what became of them.',
    labels: ['kind', 'result'],
  })
  const events = metrics.counter({
    name: 'mainstay_notify_report_events_total',
    help: 'Events in reports that were taken, repeated ones included, by the kind of account and of event.',
    labels: ['kind', 'event'],
  })
  const dropped = metrics.counter({
    name: 'mainstay_notify_report_events_dropped_total',
    help: 'Events of what recipients did that were not stored, since their project does not track it.',
    labels: ['kind', 'event'],
  })
  return {
    report: (kind, result) => reports.inc({ kind, result }),
    event: (kind, event) => events.inc({ kind, event }),
    dropped: (kind, event) => dropped.inc({ kind, event }),
  }
}
