import type { Executor } from '@mainstay/kernel'
import { BULK, HELD, PARKED } from './sweep-store.ts'

/** Rows that one statement puts off at the most. */
const BATCH = 5_000

/** The timezones of messages that still wait although the hours of their campaign have ended there. */
export async function listClosedZones(
  executor: Executor,
  projectId: string,
  campaignId: string,
  now: Date,
): Promise<string[]> {
  const { rows } = await executor.query<{ timezone: string }>({
    name: 'notify.campaigns.closed_zones',
    text: `SELECT DISTINCT window_timezone AS timezone FROM notify.delivery_queue
      WHERE project_id = $1 AND campaign_id = $2 AND lane IN (${BULK}, ${HELD}, ${PARKED}) AND window_close <= $3`,
    values: [projectId, campaignId, now],
  })
  return rows.map(({ timezone }) => timezone)
}

export interface Reopening {
  projectId: string
  campaignId: string
  timezone: string
  now: Date
  openTime: Date
  closeTime: Date
  /** What the timeline of a message says. */
  title: string
}

/**
 * Puts off what waits in a timezone until its hours begin again. What a worker is calling a provider with at this moment is left to it.
 * When a message expires stays as it was: it is of no use later than its sender said.
 *
 * @returns how many were put off.
 */
export async function parkZone(executor: Executor, ask: Reopening): Promise<number> {
  const { rowCount } = await executor.query({
    name: 'notify.campaigns.park_zone',
    text: `
      WITH parked AS (
        UPDATE notify.delivery_queue q
        SET lane = ${PARKED}, due_time = greatest(q.due_time, $5::timestamptz), window_close = $6::timestamptz
        FROM (
          SELECT message_id FROM notify.delivery_queue
          WHERE project_id = $1 AND campaign_id = $2 AND lane IN (${BULK}, ${HELD}, ${PARKED}) AND window_timezone = $3
            AND window_close <= $4 AND lease_owner IS NULL
          ORDER BY message_id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
        ) w
        WHERE q.project_id = $1 AND q.message_id = w.message_id
        RETURNING q.project_id, q.message_id
      )
      INSERT INTO notify.message_notes (project_id, message_id, note_id, kind, actor, title)
      SELECT project_id, message_id, notify.new_id(), 15, 'campaign', $7 FROM parked WHERE $5 > $4`,
    values: [ask.projectId, ask.campaignId, ask.timezone, ask.now, ask.openTime, ask.closeTime, ask.title],
  })
  return rowCount
}
