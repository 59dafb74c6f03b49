import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import {
  type AppError,
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
import { deleteMails, findFile, findMail, listFiles, listMails, type MailSummary } from './store.ts'

/** The mailbox methods of the contract. They have no rules of their own: two hops are enough. */
export function mailboxHandlers(
  db: Db,
  pageTokens: PageTokens,
): Pick<Handlers<typeof Notify>, 'listMails' | 'getMail' | 'getMailAttachment' | 'clearMailbox'> {
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
      if (row === undefined) throw notFound(`There is no mail ${mailId}`)
      const headers = row.headers.map((header) => create(MailHeaderSchema, header))
      const attachments = (await listFiles(db, projectId, row.mail_id)).map((file) => ({
        place: file.place,
        fileName: file.file_name,
        contentType: file.content_type,
        contentId: file.content_id,
        sizeBytes: BigInt(file.size_bytes),
      }))
      return { ...toMail(row), text: row.text_body, html: row.html_body, headers, attachments }
    },
    async getMailAttachment({ mailId, place }, { projectId }) {
      const uuid = fromTypeId('mai', mailId)
      const file = uuid === undefined ? undefined : await findFile(db, projectId, uuid, place)
      if (file === undefined) throw notFound(`There is no file ${place} of a mail ${mailId}`)
      return {
        place,
        fileName: file.file_name,
        contentType: file.content_type,
        contentId: file.content_id,
        sizeBytes: BigInt(file.content.length),
        content: file.content,
      }
    },
    async clearMailbox(_, { projectId, tx }) {
      return { removedCount: await deleteMails(tx ?? db, projectId) }
    },
  }
}

function notFound(what: string): AppError {
  return appError(reasons, 'notify.mail_not_found', `${what}; the mailbox keeps the newest only.`)
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
