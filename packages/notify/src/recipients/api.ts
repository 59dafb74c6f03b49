import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { appError, type Clock, type Db } from '@mainstay/kernel'
import type { Notify, RecipientSchema } from '@mainstay/proto/notify/v1'
import type { Handlers } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import { findRecipient, type RecipientRow, upsertRecipient } from './store.ts'

/** The recipient methods of the contract. They have no rules of their own: two hops are enough. */
export function recipientHandlers(
  db: Db,
  clock: Clock,
): Pick<Handlers<typeof Notify>, 'updateRecipient' | 'getRecipient'> {
  return {
    async updateRecipient({ recipient }, { projectId, tx }) {
      const row = {
        recipient_id: recipient?.recipientId ?? '',
        email: recipient?.email || null,
        display_name: recipient?.displayName || null,
        phone: recipient?.phone || null,
      }
      return toRecipient(await upsertRecipient(tx ?? db, projectId, row, clock.now()))
    },
    async getRecipient({ recipientId }, { projectId }) {
      const row = await findRecipient(db, projectId, recipientId)
      if (row !== undefined) return toRecipient(row)
      throw appError(reasons, 'notify.recipient_not_found', `There is no recipient "${recipientId}".`)
    },
  }
}

function toRecipient(row: RecipientRow): MessageInitShape<typeof RecipientSchema> {
  return {
    recipientId: row.recipient_id,
    email: row.email ?? '',
    displayName: row.display_name ?? '',
    phone: row.phone ?? '',
    createTime: timestampFromDate(row.create_time),
    updateTime: timestampFromDate(row.update_time),
  }
}
