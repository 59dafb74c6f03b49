import MailComposer from 'nodemailer/lib/mail-composer'
import type { OutgoingEmail } from './adapter.ts'
import { hasControlCharacters, normaliseAddress, parseMailbox } from './mailboxes.ts'

/** A mail as SMTP takes it: the envelope and the bytes between DATA and the final dot. */
export interface MailMessage {
  from: string
  to: string
  content: Buffer
}

/** The header that tells which message a mail is; the sandbox mailbox reads it. */
export const MESSAGE_HEADER = 'X-Mainstay-Message'

/**
 * Writes the mail (RFC 5322, MIME). `Message-ID` is made of the message's id and the sender's domain and so is the same
 * at every attempt: a receiver that got two can tell, and many drop the second. What could inject a header or a
 * recipient is refused, never mended: the answer then is a sentence.
 */
export async function composeMail(email: OutgoingEmail): Promise<MailMessage | { refused: string }> {
  const from = parseMailbox(email.from)
  if (from === undefined) return { refused: 'The sender is not one email address.' }
  const to = normaliseAddress(email.to)
  if (to === undefined) return { refused: 'The recipient is not an email address that SMTP can carry.' }
  if (hasControlCharacters(email.subject))
    return { refused: 'The subject has a line break or control character.' }
  for (const [name, value] of Object.entries(email.headers)) {
    if (!isOwnHeader(name, value)) return { refused: `The header ${JSON.stringify(name)} is not allowed.` }
  }
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)
  const composer = new MailComposer({
    from,
    to: { address: to, name: '' },
    subject: email.subject,
    ...(email.text === '' ? {} : { text: email.text }),
    ...(email.html === '' ? {} : { html: email.html }),
    messageId: `<${email.messageId}@${domain}>`,
    headers: {
      ...email.headers,
      [MESSAGE_HEADER]: email.messageId,
      ...(email.traceparent === undefined ? {} : { Traceparent: email.traceparent }),
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return { from: from.address, to, content: await composer.compile().build() }
}

/** Headers that decide who a mail is from, to, or what it contains are made here and nowhere else. */
function isOwnHeader(name: string, value: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9-]{0,75}$/.test(name) || hasControlCharacters(value)) return false
  return !/^(from|to|cc|bcc|sender|reply-to|subject|date|message-id|mime-version|return-path|received|content-.*|dkim-.*|resent-.*|x-mainstay-.*)$/i.test(
    name,
  )
}
