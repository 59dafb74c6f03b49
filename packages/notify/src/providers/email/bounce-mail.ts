import { createHash } from 'node:crypto'
import { type Attachment, type ParsedMail, simpleParser } from 'mailparser'
import { MESSAGE_HEADER } from '../mail-fields.ts'
import { firstText } from '../report-body.ts'
import type { ProviderEvent, ProviderEventKind } from '../reports.ts'

/** Mails that report on more recipients than ours ever have are read this far. */
const MAX_RECIPIENTS = 20

/**
 * Reads what mail servers write back of a mail that was sent by SMTP (RFC 3464): one event for each recipient that it tells
 * something final of, none for a delay. Whatever is not such a report, and of a mail of ours, is no event; nothing is thrown.
 *
 * Nobody signs these mails. What makes one believable is that it returns the id of the message, which is not to be guessed
 * and which its recipient alone has seen; so no event names an address, lest one recipient report on another. The address
 * that it is about is the message's own.
 *
 * @param receivedMs stands in for the time where the report has none, or one to come.
 */
export async function readBounceMail(content: Buffer, receivedMs: number): Promise<readonly ProviderEvent[]> {
  const mail = await parse(content)
  if (mail === undefined) return []
  const report = partOf(mail, /^message\/(global-)?delivery-status$/)
  const returned = partOf(mail, /^(message\/(rfc822|global|global-headers)|text\/rfc822-headers)$/)
  const messageId = returned === undefined ? undefined : messageIdIn(returned)
  if (report === undefined || messageId === undefined) return []
  const id = mail.messageId ?? createHash('sha256').update(content).digest('hex')
  const timeMs = Math.min(mail.date?.getTime() || receivedMs, receivedMs)
  return recipientsIn(report).flatMap((fields, place) => {
    const kind = kindOf(fields)
    if (kind === undefined) return []
    const detail = firstText(fields.get('diagnostic-code'), fields.get('status')) ?? kind
    return [{ eventId: `${id}/${place}`, kind, timeMs, messageId, detail: detail.slice(0, 500) }]
  })
}

/** What cannot be parsed is no report: the mailbox takes mail of anybody. */
async function parse(content: Buffer): Promise<ParsedMail | undefined> {
  try {
    return await simpleParser(content, {
      keepDeliveryStatus: true,
      skipHtmlToText: true,
      skipTextToHtml: true,
      skipImageLinks: true,
      skipTextLinks: true,
    })
  } catch {
    return
  }
}

/** The parser promises a content type, and gives `false` where its header breaks off. */
function partOf({ attachments }: ParsedMail, type: RegExp): string | undefined {
  return attachments
    .find(({ contentType }: Attachment) => type.test(String(contentType).toLowerCase()))
    ?.content.toString('utf8')
}

/** From our header, or from the `Message-ID`, which is made of the same id; only the head of what was returned is looked at. */
function messageIdIn(returned: string): string | undefined {
  const [head = ''] = returned.trimStart().split(/\r?\n\r?\n/, 1)
  const fields = parseFields(head)
  const named =
    /^msg_[0-9a-z]{26}$/.exec(fields.get(MESSAGE_HEADER.toLowerCase()) ?? '') ??
    /^<(msg_[0-9a-z]{26})@/.exec(fields.get('message-id') ?? '')
  return named?.at(-1)
}

/** The fields of each recipient: the groups after the first, which is of the whole mail (RFC 3464 §2.1). */
function recipientsIn(report: string): ReadonlyMap<string, string>[] {
  return report
    .split(/\r?\n[ \t]*\r?\n/)
    .map(parseFields)
    .filter((fields) => fields.has('action'))
    .slice(0, MAX_RECIPIENTS)
}

/** Names in lower case and values in one line; of a field that comes twice, the first. */
function parseFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of text.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase()
    if (name !== '' && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim())
  }
  return fields
}

/** RFC 3464 §2.3.3. A delay is followed by another report, or by nothing when it was delivered after all. */
function kindOf(fields: ReadonlyMap<string, string>): ProviderEventKind | undefined {
  switch (/^[a-z]+/.exec(fields.get('action')?.toLowerCase() ?? '')?.[0]) {
    case 'delivered':
      return 'delivered'
    case 'relayed':
    case 'expanded':
      return 'sent'
    case 'failed':
      return isDeadAddress(fields) ? 'bounced' : 'failed'
    default:
      return
  }
}

/**
 * Whether the status (RFC 3463) says that the address itself is at fault: no such mailbox or host (5.1.0 to 5.1.6, 5.1.10),
 * a mailbox that is closed (5.2.1), a domain that leads nowhere (5.4.4). A status that says nothing (5.0.0) is that of a
 * server without such codes, whose reply 550, 551 or 553 says it. A 4.x status is of a server that was tried for too long,
 * and any other 5.x of the content, the size or a policy.
 */
function isDeadAddress(fields: ReadonlyMap<string, string>): boolean {
  const diagnostic = fields.get('diagnostic-code') ?? ''
  const status = /^\s*([245]\.\d{1,3}\.\d{1,3})\b/.exec(fields.get('status') ?? '')?.[1] ?? '5.0.0'
  if (status !== '5.0.0') return /^5\.(1\.([0-6]|10)|2\.1|4\.4)$/.test(status)
  return /^smtp;\s*55[013]\b(?![- ]+[245]\.\d)/i.test(diagnostic)
}
