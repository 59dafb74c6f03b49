import { fromTypeId } from '@mainstay/kernel'
import { type AddressObject, type Attachment, simpleParser } from 'mailparser'
import { MESSAGE_HEADER } from '../providers/mail-fields.ts'
import type { Incoming, MailFile } from './store.ts'

const SNIPPET_LENGTH = 160

/** Who brought the mail: the project it belongs to, and whether it was one of our own workers. */
export interface MailOrigin {
  projectId: string
  isWorker: boolean
  /** The recipients of the envelope. */
  to: string[]
}

/** Reads a mail as it came over the wire. Only a worker's mail names the message it came from; others could lie. */
export async function parseMail(content: Buffer, origin: MailOrigin): Promise<Omit<Incoming, 'mail_id'>> {
  const mail = await simpleParser(content, {
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipImageLinks: true,
    skipTextLinks: true,
  })
  const text = mail.text ?? ''
  const html = mail.html || ''
  const messageHeader = mail.headers.get(MESSAGE_HEADER.toLowerCase())
  const messageId =
    origin.isWorker && typeof messageHeader === 'string' ? fromTypeId('msg', messageHeader) : undefined
  return {
    project_id: origin.projectId,
    message_id: messageId ?? null,
    from_address: storable(textOf(mail.from)),
    to_addresses: origin.to.map(storable),
    subject: storable(mail.subject ?? ''),
    snippet: storable(toSnippet(text || html.replace(/<(style|script)\b[\s\S]*?<\/\1>|<[^>]*>/gi, ' '))),
    text_body: storable(text),
    html_body: storable(html),
    headers: mail.headerLines.map(({ line }) => toHeader(line)),
    size_bytes: content.length,
    files: mail.attachments.map(toFile),
  }
}

function toFile({ filename, contentType, cid, content }: Attachment): MailFile {
  return {
    file_name: storable(filename ?? ''),
    content_type: storable(contentType),
    content_id: storable(cid ?? ''),
    content,
  }
}

function textOf(address: AddressObject | undefined): string {
  const mailboxes = address?.value ?? []
  return mailboxes.map(({ name, address: bare = '' }) => (name ? `${name} <${bare}>` : bare)).join(', ')
}

function toSnippet(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > SNIPPET_LENGTH ? `${line.slice(0, SNIPPET_LENGTH - 1)}…` : line
}

/** Folded lines (RFC 5322 §2.2.3) become one. */
function toHeader(line: string): { name: string; value: string } {
  const colon = line.indexOf(':')
  return {
    name: storable(line.slice(0, colon)),
    value: storable(line.slice(colon + 1).replace(/\r?\n(?=[ \t])/g, '')).trim(),
  }
}

/** PostgreSQL's text holds no U+0000 and no half of a surrogate pair. */
function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed()
}
