import type { FieldViolation, Tx } from '@mainstay/kernel'
import { type Recipient, RecipientSchema } from '@mainstay/proto/notify/v1'
import { createValidate } from '@mainstay/rpc'
import { type NewEndpoint, upsertEndpoints } from './endpoint-store.ts'
import { type ReadRecipient, readRecipient } from './read-recipient.ts'
import { type RecipientField, upsertRecipients } from './store.ts'
import type { Timezones } from './timezones.ts'

/** A recipient of a batch that is left out, and all that is wrong with it. */
export interface RefusedRecipient {
  index: number
  recipientId: string
  fields: FieldViolation[]
}

export interface ReadBatch {
  accepted: ReadRecipient[]
  refused: RefusedRecipient[]
}

/** Not compiled ahead: what keeps the rules is seen by the quick check. */
const validate = createValidate()

/** Tells apart what can be stored and what cannot. The batch's own rules leave its items to us. */
export async function readBatch(recipients: readonly Recipient[], timezones: Timezones): Promise<ReadBatch> {
  const accepted: ReadRecipient[] = []
  const refused: RefusedRecipient[] = []
  for (const [index, recipient] of recipients.entries()) {
    const read = withRules(recipient, await readRecipient(recipient, timezones))
    if (!Array.isArray(read)) accepted.push(read)
    else {
      const fields = read.map(({ field, description }) => ({
        field: field === '' ? `recipients[${index}]` : `recipients[${index}].${field}`,
        description,
      }))
      refused.push({ index, recipientId: recipient.recipientId, fields })
    }
  }
  return { accepted, refused }
}

/** What was read, or all that is wrong: by the contract's rules, and in fields that keep them. */
function withRules(
  recipient: Recipient,
  read: ReadRecipient | FieldViolation[],
): ReadRecipient | FieldViolation[] {
  const broken = validate(RecipientSchema, recipient)
  if (broken.length === 0) return read
  const fields = new Set(broken.map(({ field }) => field))
  return [...broken, ...(Array.isArray(read) ? read.filter(({ field }) => !fields.has(field)) : [])]
}

/** Stores a batch in two statements or three; where an id comes twice the last one holds, with the endpoints of both. */
export async function storeBatch(
  tx: Tx,
  projectId: string,
  accepted: readonly ReadRecipient[],
  fields: readonly RecipientField[],
  endpoints: readonly NewEndpoint[],
  now: Date,
): Promise<void> {
  const rows = new Map(accepted.map(({ row }) => [row.recipient_id, row]))
  if (rows.size > 0) await upsertRecipients(tx, projectId, [...rows.values()], fields, now)
  if (endpoints.length > 0) await upsertEndpoints(tx, projectId, endpoints, now)
}
