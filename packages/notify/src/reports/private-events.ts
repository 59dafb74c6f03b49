import type { Executor } from '@mainstay/kernel'
import type { ProviderEvent } from '../providers/reports.ts'
import { findTrackingOf, type TrackingRow } from '../tracking/settings-store.ts'
import type { Report } from './intake.ts'

/** A report without what its project does not want to know. */
export interface AllowedReport extends Report {
  /** Something was left out: the report itself, which tells it, is not kept either. */
  isCut: boolean
}

const WATCHING: ReadonlySet<string> = new Set(['read', 'opened', 'clicked'])

/**
 * Leaves out what recipients did where their project does not track it. Of a read receipt remains that the message was
 * delivered, which some providers say in no other way.
 *
 * @param onDropped is told of each event that is left out, to count it.
 */
export async function withoutPrivate(
  executor: Executor,
  reports: readonly Report[],
  onDropped: (accountKind: string, event: ProviderEvent['kind']) => void,
): Promise<AllowedReport[]> {
  const watching = reports.filter(({ events }) => events.some(({ kind }) => WATCHING.has(kind)))
  if (watching.length === 0) return reports.map((report) => ({ ...report, isCut: false }))
  const settings = await findTrackingOf(executor, [
    ...new Set(watching.map(({ account }) => account.projectId)),
  ])
  return reports.map((report) => {
    const { account, events } = report
    const tracking = settings.get(account.projectId)
    const dropped = events.filter(({ kind }) => !isWanted(kind, tracking))
    for (const { kind } of dropped) onDropped(account.kind, kind)
    if (dropped.length === 0) return { ...report, isCut: false }
    return { ...report, events: events.flatMap((event) => remainderOf(event, tracking)), isCut: true }
  })
}

function isWanted(kind: ProviderEvent['kind'], tracking: TrackingRow | undefined): boolean {
  if (kind === 'clicked') return tracking?.trackClicks ?? false
  return !WATCHING.has(kind) || (tracking?.trackOpens ?? false)
}

function remainderOf(event: ProviderEvent, tracking: TrackingRow | undefined): ProviderEvent[] {
  if (isWanted(event.kind, tracking)) return [event]
  return event.kind === 'read' ? [{ ...event, kind: 'delivered', detail: 'delivered' }] : []
}
