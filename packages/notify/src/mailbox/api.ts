import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import {
  appError,
  type Db,
  fromTypeId,
  idTimeMs,
  type PageTokens,
  pageLimit,
  toTypeId,
} from '@mainstay/kernel'
import { MailHeaderSchema, type MailSchema, type Notify } from '@mainstay/proto/notify/v1'
import type { Handlers } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import { deleteMails, findMail, listMails, type MailSummary } from './store.ts'

/** The mailbox methods of the contract. They have no rules of their own: two hops are enough. */
export function mailboxHandlers(
  db: Db,
  pageTokens: PageTokens,
): Pick<Handlers<typeof Notify>, 'listMails' | 'getMail' | 'clearMailbox'> {
  return {
    async listMails({ pageSize, pageToken, to }, { projectId, method }) {
      const scope = { method, projectId, filter: { to } }
      const [beforeId] = (pageTokens.read(scope, pageToken) ?? []) as [string?]
      const limit = pageLimit(pageSize)
      const found = await listMails(db, projectId, { beforeId, to, limit: limit + 1 })
      const { rows, nextPageToken } = pageTokens.cut(scope, found, limit, (last) => [last.mail_id])
      return { mails: rows.map(toMail), nextPageToken }
    },
    async getMail({ mailId }, { projectId }) {
      const uuid = fromTypeId('mai', mailId)
      const row = uuid === undefined ? undefined : await findMail(db, projectId, uuid)
      if (row === undefined) {
        throw appError(
          reasons,
          'notify.mail_not_found',
          `There is no mail ${mailId}; the mailbox keeps the newest only.`,
        )
      }
      const headers = row.headers.map((header) => create(MailHeaderSchema, header))
      return { ...toMail(row), text: row.text_body, html: row.html_body, headers }
    },
    async clearMailbox(_, { projectId, tx }) {
      return { removedCount: await deleteMails(tx ?? db, projectId) }
    },
  }
}

function toMail(row: MailSummary) {
  return {
    mailId: toTypeId('mai', row.mail_id),
    messageId: row.message_id === null ? '' : toTypeId('msg', row.message_id),
    from: row.from_address,
    to: row.to_addresses,
    subject: row.subject,
    snippet: row.snippet,
    sizeBytes: BigInt(row.size_bytes),
    receiveTime: timestampFromMs(idTimeMs(row.mail_id)),
  } satisfies MessageInitShape<typeof MailSchema>
}
