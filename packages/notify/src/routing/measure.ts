import { type Clock, type Db, minIdAt } from '@mainstay/kernel'
import { channelName } from '../providers/outgoing.ts'
import { countryOf } from '../providers/phone-numbers.ts'
import { countOutcomes, deleteConversions, type MeasuredRow, replaceMeasured } from './rates-store.ts'

const HOUR_MS = 3_600_000

/** Reports come late: hours as young as this are counted anew each time. */
const OPEN_HOURS = 3

/** Codes are typed in within minutes; what was sent before this is measured. */
const CONVERSIONS_KEPT_MS = 48 * HOUR_MS

/**
 * Measures how accounts fare, by country and hour. For a job, every ten minutes or so; of several at once, one works. What it
 * costs grows with the messages of the last three hours, never with those of the day.
 */
export async function measureRates(db: Db, clock: Clock): Promise<void> {
  const nowMs = clock.nowMs()
  const since = new Date(Math.floor(nowMs / HOUR_MS) * HOUR_MS - (OPEN_HOURS - 1) * HOUR_MS)
  await db.transaction(async (tx) => {
    const { rows } = await tx.query<{ mine: boolean }>({
      text: `SELECT pg_try_advisory_xact_lock(hashtext('notify.measure')) AS mine`,
    })
    if (rows[0]?.mine !== true) return
    const measured = new Map<string, MeasuredRow & { projectId: string; hour: Date }>()
    for (const { address, channel, ...group } of await countOutcomes(tx, since)) {
      const country = countryOfAddress(channel, address) ?? ''
      const key = [group.projectId, group.accountId, country, group.hour.getTime()].join(' ')
      const known = measured.get(key)
      if (known === undefined) measured.set(key, { ...group, country })
      else {
        known.accepted += group.accepted
        known.delivered += group.delivered
        known.codes += group.codes
        known.converted += group.converted
      }
    }
    await replaceMeasured(tx, since, [...measured.values()])
    await deleteConversions(tx, minIdAt(nowMs - CONVERSIONS_KEPT_MS))
  })
}

/** The country that routes and prices go by: of numbers only. */
export function countryOfAddress(channel: number, address: string): string | undefined {
  const name = channelName(channel)
  return name === 'sms' || name === 'whatsapp' ? countryOf(address) : undefined
}
