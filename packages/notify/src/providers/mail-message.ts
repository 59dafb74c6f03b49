import MailComposer from 'nodemailer/lib/mail-composer'
import { readMailFields } from './mail-fields.ts'
import type { OutgoingEmail } from './outgoing.ts'

/** A mail as SMTP takes it: the envelope and the bytes between DATA and the final dot. */
export interface MailMessage {
  from: string
  to: string
  content: Buffer
}

/**
 * Writes the mail (RFC 5322, MIME). `Message-ID` is made of the message's id and the sender's domain and so is the same
 * at every attempt: a receiver that got two can tell, and many drop the second. What could inject a header or a
 * recipient is refused, never mended: the answer then is a sentence.
 */
export async function composeMail(email: OutgoingEmail): Promise<MailMessage | { refused: string }> {
  const fields = readMailFields(email)
  if ('refused' in fields) return fields
  const { from, to, replyTo, headers } = fields
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)
  const composer = new MailComposer({
    from,
    to: { address: to, name: '' },
    ...(replyTo === undefined ? {} : { replyTo }),
    subject: email.subject,
    ...(email.text === '' ? {} : { text: email.text }),
    ...(email.html === '' ? {} : { html: email.html }),
    attachments: (email.attachments ?? []).map(({ fileName, contentType, contentId, content }) => ({
      filename: fileName,
      contentType,
      content,
      ...(contentId === ''
        ? { contentDisposition: 'attachment' as const }
        : { cid: contentId, contentDisposition: 'inline' as const }),
    })),
    messageId: `<${email.messageId}@${domain}>`,
    headers: {
      ...headers,
      ...(email.traceparent === undefined ? {} : { Traceparent: email.traceparent }),
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return { from: from.address, to, content: await composer.compile().build() }
}
