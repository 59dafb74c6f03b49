import type { Db } from '@mainstay/kernel'
import { textColumn, uuidColumn } from './columns.ts'

export interface Recipient {
  email: string | null
  phone: string | null
}

export type FindRecipient = (projectId: string, recipientId: string) => Promise<Recipient | undefined>

interface Lookup {
  projectId: string
  recipientId: string
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
      const { rows } = await db.query<{ found: boolean; email: string | null; phone: string | null }>({
        text: `
          SELECT r.email, r.phone, r.recipient_id IS NOT NULL AS found
          FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS wanted (project_id, recipient_id, position)
          LEFT JOIN notify.recipients r
            ON r.project_id = wanted.project_id AND r.recipient_id = wanted.recipient_id
          ORDER BY position`,
        values: [
          uuidColumn(batch.map((lookup) => lookup.projectId)),
          textColumn(batch.map((lookup) => lookup.recipientId)),
        ],
      })
      batch.forEach(({ resolve }, index) => {
        const row = rows[index]
        resolve(row?.found ? { email: row.email, phone: row.phone } : undefined)
      })
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return (projectId, recipientId) =>
    new Promise((resolve, reject) => {
      waiting.push({ projectId, recipientId, resolve, reject })
      if (!running) void run()
    })
}
