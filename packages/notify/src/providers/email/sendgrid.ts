import { readMailFields } from '../mail-fields.ts'
import { type Mailbox, parseMailbox } from '../mailboxes.ts'
import type { OutgoingAttachment } from '../outgoing.ts'
import { defineService, unsendable } from '../service.ts'
import { sendgridReports } from './sendgrid-reports.ts'

/**
 * SendGrid's Mail Send API v3. It takes no idempotency key and cannot be asked for a message that it may not have, so an
 * answer that was lost stays unknown until its event webhook tells.
 */
export const sendgrid = defineService({
  kind: 'sendgrid',
  title: 'SendGrid',
  channel: 'email',
  documentation: 'https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'message',
    messagesPerSecond: 10_000 / 60,
  },
  fields: {
    apiKey: {
      label: 'API key',
      help: 'Settings → API Keys in SendGrid; it needs the permission Mail Send.',
      secret: true,
      required: true,
      pattern: /^SG\.[\w-]{10,}\.[\w-]{20,}$/,
    },
    region: {
      label: 'Region',
      help: 'Where the account’s data is kept.',
      secret: false,
      required: false,
      choices: ['global', 'eu'],
    },
    webhookKey: {
      label: 'Webhook verification key',
      help: 'Settings → Mail Settings → Event Webhook → Signature Verification. Without it, reports are refused.',
      secret: true,
      required: false,
      forReports: true,
      pattern: /^[A-Za-z0-9+/]{60,}={0,2}$/,
    },
  },
  senderHelp: 'A mailbox of a verified domain: Acme <hello@acme.example>',
  isSender: (sender) => parseMailbox(sender) !== undefined,
  reports: sendgridReports,
  request(email, config) {
    const mail = readMailFields(email)
    if ('refused' in mail) return unsendable(mail.refused)
    const { from, to, replyTo, headers } = mail
    const content = [
      { type: 'text/plain', value: email.text },
      { type: 'text/html', value: email.html },
    ].filter(({ value }) => value !== '')
    return {
      method: 'POST',
      url: `${originOf(config.region)}/v3/mail/send`,
      headers: { authorization: `Bearer ${config.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        personalizations: [{ to: [{ email: to }], custom_args: { mainstay_message: email.messageId } }],
        from: asPerson(from),
        subject: email.subject,
        content,
        headers,
        ...(replyTo === undefined ? {} : { reply_to: asPerson(replyTo) }),
        ...(email.attachments === undefined ? {} : { attachments: email.attachments.map(toAttachment) }),
      }),
    }
  },
  readId: ({ headers }) => headers['x-message-id'],
  verify: (config) => ({
    method: 'GET',
    url: `${originOf(config.region)}/v3/scopes`,
    headers: { authorization: `Bearer ${config.apiKey}` },
  }),
})

function asPerson({ address, name }: Mailbox): { email: string; name?: string } {
  return { email: address, ...(name === '' ? {} : { name }) }
}

function toAttachment({ fileName, contentType, contentId, content }: OutgoingAttachment) {
  return {
    content: content.toString('base64'),
    type: contentType,
    filename: fileName,
    ...(contentId === '' ? { disposition: 'attachment' } : { disposition: 'inline', content_id: contentId }),
  }
}

function originOf(region: string): string {
  return region === 'eu' ? 'https://api.eu.sendgrid.com' : 'https://api.sendgrid.com'
}
