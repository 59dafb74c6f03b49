import { hasControlCharacters, type Mailbox, normaliseAddress, parseMailbox } from './mailboxes.ts'
import type { OutgoingEmail } from './outgoing.ts'

/** The header that tells which message a mail is; the sandbox mailbox and reports of bounces read it. */
export const MESSAGE_HEADER = 'X-Mainstay-Message'

/** The parts of a mail that could be abused, checked. */
export interface MailFields {
  from: Mailbox
  to: string
  /** Absent: answers go to the sender. */
  replyTo?: Mailbox
  headers: Record<string, string>
}

/**
 * The sender, the recipient and the headers as every adapter of email takes them. What could inject a header or a recipient
 * is refused, never mended: the answer then is a sentence.
 */
export function readMailFields(email: OutgoingEmail): MailFields | { refused: string } {
  const from = parseMailbox(email.from)
  if (from === undefined) return { refused: 'The sender is not one email address.' }
  const to = normaliseAddress(email.to)
  if (to === undefined) return { refused: 'The recipient is not an email address that SMTP can carry.' }
  if (hasControlCharacters(email.subject))
    return { refused: 'The subject has a line break or control character.' }
  for (const [name, value] of Object.entries(email.headers)) {
    if (!isOwnHeader(name, value)) return { refused: `The header ${JSON.stringify(name)} is not allowed.` }
  }
  const replyTo = email.replyTo === undefined ? undefined : parseMailbox(email.replyTo)
  if (email.replyTo !== undefined && replyTo === undefined) {
    return { refused: 'The address for answers is not one email address.' }
  }
  for (const file of email.attachments ?? []) {
    if (hasControlCharacters(file.fileName + file.contentType + file.contentId)) {
      return { refused: 'The name or type of an attachment has a line break or control character.' }
    }
  }
  const headers = { ...email.headers, [MESSAGE_HEADER]: email.messageId }
  return { from, to, ...(replyTo !== undefined && { replyTo }), headers }
}

/** Headers that decide who a mail is from, to, or what it contains are made by adapters and nowhere else. */
function isOwnHeader(name: string, value: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9-]{0,75}$/.test(name) || hasControlCharacters(value)) return false
  return !/^(from|to|cc|bcc|sender|reply-to|subject|date|message-id|mime-version|return-path|received|content-.*|dkim-.*|resent-.*|x-mainstay-.*)$/i.test(
    name,
  )
}
