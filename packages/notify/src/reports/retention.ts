import { type Clock, type Db, minIdAt } from '@mainstay/kernel'
import { deleteEnded } from '../suppressions/store.ts'
import { deleteBefore } from './store.ts'

export interface RetentionDeps {
  db: Db
  clock: Clock
  settings: { readonly reportDays: number; readonly retentionDays: number }
}

const DAY_MS = 86_400_000

/** Deletes bodies after a few days, and events once the messages that they may be about have left the ledger. */
export async function deleteOldReports({ db, clock, settings }: RetentionDeps): Promise<void> {
  const before = (days: number): string => minIdAt(clock.nowMs() - days * DAY_MS)
  await deleteBefore(db, 'provider_reports', before(settings.reportDays))
  await deleteBefore(db, 'provider_events', before(settings.retentionDays))
  await deleteEnded(db)
}
