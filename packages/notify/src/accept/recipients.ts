import type { Db } from '@mainstay/kernel'
import { channelNumber, type MessageChannel } from '../providers/outgoing.ts'
import { MOST_OF_A_CHANNEL } from '../recipients/endpoint-store.ts'
import { smallintColumn, textColumn, uuidColumn } from './columns.ts'

export interface Recipient {
  /** Where a message of the channel goes: one address, or all devices for push, seen last first. Empty: there is none. */
  addresses: readonly string[]
  /** The language they read; null when it is not known. */
  locale: string | null
}

export type FindRecipient = (
  projectId: string,
  recipientId: string,
  channel: MessageChannel,
) => Promise<Recipient | undefined>

interface Lookup {
  projectId: string
  recipientId: string
  channel: number
  resolve: (recipient: Recipient | undefined) => void
  reject: (error: unknown) => void
}

/**
 * Looks recipients up for sending; calls that come while a query is under way share the next one.
 *
 * Read fresh each time and not cached: a caller who has just corrected an address must not see the next message go to
 * the old one because another process had not heard of it yet.
 */
export function createRecipientLookup(db: Pick<Db, 'query'>): FindRecipient {
  let waiting: Lookup[] = []
  let running = false

  async function run(): Promise<void> {
    running = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await lookUp(batch)
    }
    running = false
  }

  async function lookUp(batch: readonly Lookup[]): Promise<void> {
    try {
      const { rows } = await db.query<{ found: boolean; addresses: string[]; locale: string | null }>({
        text: FIND,
        values: [
          uuidColumn(batch.map((lookup) => lookup.projectId)),
          textColumn(batch.map((lookup) => lookup.recipientId)),
          smallintColumn(batch.map((lookup) => lookup.channel)),
        ],
      })
      batch.forEach(({ resolve }, index) => {
        const row = rows[index]
        resolve(row?.found ? { addresses: row.addresses, locale: row.locale } : undefined)
      })
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return (projectId, recipientId, channel) =>
    new Promise((resolve, reject) => {
      waiting.push({ projectId, recipientId, channel: channelNumber(channel), resolve, reject })
      if (!running) void run()
    })
}

/**
 * Their own email address or phone number; without one, the newest endpoint, of the verified ones if there are any. A phone
 * number is for text messages and WhatsApp.
 */
const FIND = `
SELECT r.recipient_id IS NOT NULL AS found, r.locale,
  CASE
    WHEN wanted.channel = 1 AND r.email IS NOT NULL THEN ARRAY[r.email]
    WHEN wanted.channel IN (2, 3) AND r.phone IS NOT NULL THEN ARRAY[r.phone]
    ELSE ARRAY(
      SELECT e.address FROM notify.recipient_endpoints e
      WHERE e.project_id = r.project_id AND e.recipient_id = r.recipient_id
        AND e.channel = CASE wanted.channel WHEN 3 THEN 2 ELSE wanted.channel END AND e.dead_time IS NULL
      ORDER BY e.channel <> 4 AND NOT e.verified, CASE e.channel WHEN 4 THEN e.last_seen_time ELSE e.create_time END DESC,
        e.endpoint_id DESC
      LIMIT CASE wanted.channel WHEN 4 THEN ${MOST_OF_A_CHANNEL} ELSE 1 END)
  END AS addresses
FROM unnest($1::uuid[], $2::text[], $3::int2[]) WITH ORDINALITY AS wanted (project_id, recipient_id, channel, position)
LEFT JOIN notify.recipients r ON r.project_id = wanted.project_id AND r.recipient_id = wanted.recipient_id
ORDER BY position`
