import type { Executor, Tx } from '@mainstay/kernel'
import { plainArray } from '../deliver/batch-sql.ts'

/** An attempt that a provider refused because the address is gone. */
export interface FaultyAttempt {
  projectId: string
  messageId: string
  attempt: number
  detail: string
}

/**
 * Takes devices that providers call gone out of use, in the commit that records their words. A device that was added again
 * after the attempt began is there: apps register the same token anew.
 *
 * Both statements matter. The first locks the devices, so that whoever adds one again either came before, and is seen, or
 * waits and then lifts what is suppressed (see `upsertEndpoints`). The second looks only once they are locked.
 *
 * @returns the messages whose device is there after all: their address is not to be suppressed.
 */
export async function buryDevices(tx: Tx, faulty: readonly FaultyAttempt[]): Promise<ReadonlySet<string>> {
  const values = [
    plainArray(faulty.map((one) => one.projectId)),
    plainArray(faulty.map((one) => one.messageId)),
    plainArray(faulty.map((one) => one.attempt)),
  ]
  const { rows: locked } = await tx.query({
    name: 'notify.devices.bury',
    text: `
      UPDATE notify.recipient_endpoints e
      SET dead_time = coalesce(e.dead_time, a.end_time), dead_reason = coalesce(e.dead_reason, a.detail)
      FROM (
        SELECT m.project_id, m.to_address, t.start_time, t.end_time, f.detail
        FROM unnest($1::uuid[], $2::uuid[], $3::int4[], $4::text[]) AS f (project_id, message_id, attempt, detail)
        JOIN notify.messages m ON m.project_id = f.project_id AND m.message_id = f.message_id
        JOIN notify.delivery_attempts t
          ON t.project_id = f.project_id AND t.message_id = f.message_id AND t.attempt = f.attempt
        WHERE m.channel = 4
      ) a
      WHERE e.project_id = a.project_id AND e.channel = 4
        AND e.address_key = notify.address_key(4::int2, a.to_address) AND e.last_seen_time < a.start_time
      RETURNING e.endpoint_id`,
    values: [...values, faulty.map((one) => one.detail)],
  })
  if (locked.length === faulty.length) return NONE
  const { rows } = await tx.query<{ message_id: string }>({
    name: 'notify.devices.alive',
    text: `
      SELECT m.message_id FROM unnest($1::uuid[], $2::uuid[]) AS f (project_id, message_id)
      JOIN notify.messages m ON m.project_id = f.project_id AND m.message_id = f.message_id
      JOIN notify.recipient_endpoints e ON e.project_id = m.project_id AND e.channel = 4
        AND e.address_key = notify.address_key(4::int2, m.to_address)
      WHERE m.channel = 4 AND e.dead_time IS NULL`,
    values: values.slice(0, 2),
  })
  return new Set(rows.map((row) => row.message_id))
}

const NONE: ReadonlySet<string> = new Set()

/** How long endpoints that are gone can still be looked at. */
const KEPT_DAYS = 90

/** Forgets endpoints that have long been gone, some thousands a call. */
export async function forgetDead(executor: Executor, now: Date): Promise<void> {
  await executor.query({
    text: `
      DELETE FROM notify.recipient_endpoints e USING (
        SELECT project_id, recipient_id, endpoint_id FROM notify.recipient_endpoints
        WHERE dead_time < $1::timestamptz - interval '${KEPT_DAYS} days' LIMIT 10000
      ) old
      WHERE e.project_id = old.project_id AND e.recipient_id = old.recipient_id AND e.endpoint_id = old.endpoint_id
        AND e.dead_time IS NOT NULL`,
    values: [now],
  })
}
