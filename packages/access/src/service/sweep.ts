import type { Clock, Db } from '@mainstay/kernel'
import type { AccessSettings } from '../config.ts'
import { deleteEndedSessions, deleteExpiredIdempotencyKeys, deleteOldSignInLinks } from '../store/sweep.ts'

export interface SweepReport {
  idempotencyKeys: number
  sessions: number
  signInLinks: number
}

/**
 * Deletes what has expired; a job calls it every few minutes. Idempotency keys go in commits of `BATCH` rows, so that no
 * lock is held for long and a kill loses one batch at the most. Nothing depends on it but disk space: expiry is
 * looked at wherever a row is used.
 */
export async function sweep(
  deps: { db: Db; clock: Clock; settings: AccessSettings },
  signal?: AbortSignal,
): Promise<SweepReport> {
  const { db, clock, settings } = deps
  const now = clock.now()
  const idleSince = new Date(now.getTime() - settings.sessionIdleMs)
  const report: SweepReport = {
    idempotencyKeys: 0,
    sessions: await deleteEndedSessions(db, now, idleSince),
    signInLinks: await deleteOldSignInLinks(db, now),
  }
  for (let deleted = BATCH; deleted === BATCH && !signal?.aborted; ) {
    deleted = await deleteExpiredIdempotencyKeys(db, now, BATCH)
    report.idempotencyKeys += deleted
  }
  return report
}

const BATCH = 5_000
