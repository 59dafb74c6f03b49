import type { Clock, Db, TransactionOptions } from '@mainstay/kernel'
import { findAudience } from './audience.ts'
import {
  beginSending,
  failCampaign,
  freezeAudience,
  listTimezones,
  lockToFreeze,
  openTimezone,
} from './freeze-store.ts'
import type { CampaignPlan } from './plan.ts'
import { isTimezone, nextOpening } from './send-window.ts'

/** A million members are sorted once. */
const SORTING: TransactionOptions = { settings: { work_mem: "'64MB'", statement_timeout: "'10min'" } }

/**
 * Freezes a campaign's audience and lets it begin, in one commit: from then on nobody joins it. Nothing happens where another
 * process is at it.
 *
 * @returns whether this call did it.
 */
export async function freeze(
  { db, clock }: { db: Db; clock: Clock },
  projectId: string,
  campaignId: string,
  plan: CampaignPlan,
): Promise<boolean> {
  return await db.transaction(async (tx) => {
    if (!(await lockToFreeze(tx, projectId, campaignId))) return false
    const found = await findAudience(tx, projectId, plan.audience, 7)
    if ('missing' in found) {
      await failCampaign(tx, projectId, campaignId, found.missing, clock.now())
      return true
    }
    await freezeAudience(tx, projectId, campaignId, plan, found.segment)
    const { window } = plan
    if (window !== null) {
      for (const timezone of await listTimezones(tx, projectId, campaignId)) {
        const known = isTimezone(timezone) ? timezone : window.defaultTimezone
        const openTime = new Date(nextOpening(window, known, clock.nowMs()))
        await openTimezone(tx, { projectId, campaignId, timezone }, { timezone: known, openTime })
      }
    }
    const total = await beginSending(tx, projectId, campaignId, clock.now())
    if (total === 0) await failCampaign(tx, projectId, campaignId, 'Nobody is in its audience.', clock.now())
    return true
  }, SORTING)
}
