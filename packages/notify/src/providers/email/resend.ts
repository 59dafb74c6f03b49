import { jsonObject, textOf } from '../http-outcome.ts'
import { readMailFields } from '../mail-fields.ts'
import { formatMailbox, parseMailbox } from '../mailboxes.ts'
import type { OutgoingAttachment } from '../outgoing.ts'
import { defineService, unsendable } from '../service.ts'
import { resendReports } from './resend-reports.ts'

/**
 * Resend's Emails API. It keeps an `Idempotency-Key` for 24 hours: a repeated call gets the first answer, and one while the
 * first is under way 409, which proves nothing yet. A quota that is used up answers 429 like too many calls do, but it is the
 * account that can send no more.
 */
export const resend = defineService({
  kind: 'resend',
  title: 'Resend',
  channel: 'email',
  documentation: 'https://resend.com/docs/api-reference/emails/send-email',
  semantics: {
    idempotencyWindowMs: 24 * 3_600_000,
    priceUnit: 'message',
    messagesPerSecond: 10,
  },
  fields: {
    apiKey: {
      label: 'API key',
      help: 'API Keys in Resend; the permission Sending access is enough.',
      secret: true,
      required: true,
      pattern: /^re_\w{8,}$/,
    },
    webhookSecret: {
      label: 'Webhook signing secret',
      help: 'Webhooks → your webhook → Signing Secret. Without it, reports are refused.',
      secret: true,
      required: false,
      forReports: true,
      pattern: /^whsec_[A-Za-z0-9+/]{16,}={0,2}$/,
    },
  },
  senderHelp: 'A mailbox of a verified domain: Acme <hello@acme.example>',
  isSender: (sender) => parseMailbox(sender) !== undefined,
  reports: resendReports,
  request(email, { apiKey }) {
    const mail = readMailFields(email)
    if ('refused' in mail) return unsendable(mail.refused)
    return {
      method: 'POST',
      url: 'https://api.resend.com/emails',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': email.messageId,
      },
      body: JSON.stringify({
        from: formatMailbox(mail.from),
        to: [mail.to],
        subject: email.subject,
        // An empty text keeps Resend from making one of its own out of the HTML.
        text: email.text,
        ...(email.html === '' ? {} : { html: email.html }),
        headers: mail.headers,
        ...(mail.replyTo === undefined ? {} : { reply_to: formatMailbox(mail.replyTo) }),
        ...(email.attachments === undefined ? {} : { attachments: email.attachments.map(toAttachment) }),
        tags: [{ name: 'mainstay_message', value: email.messageId }],
      }),
    }
  },
  readId: (answer) => textOf(jsonObject(answer)?.id),
  judge(answer, reply) {
    const { name, message } = jsonObject(answer) ?? {}
    const isAccountFault =
      name === 'daily_quota_exceeded' ||
      name === 'monthly_quota_exceeded' ||
      // Answered 400 or 401, under several names.
      message === 'API key is invalid'
    return isAccountFault ? { outcome: 'rejected_transient', reply, accountFault: true } : undefined
  },
  verify: ({ apiKey }) => ({
    method: 'GET',
    url: 'https://api.resend.com/domains',
    headers: { authorization: `Bearer ${apiKey}` },
  }),
  // A key that may only send may not list domains: that answer proves the key.
  isVerified: (answer) =>
    answer.status === 200 ||
    (jsonObject(answer)?.name === 'restricted_api_key' &&
      /only send/.test(textOf(jsonObject(answer)?.message) ?? '')),
})

function toAttachment({ fileName, contentType, contentId, content }: OutgoingAttachment) {
  return {
    filename: fileName,
    content: content.toString('base64'),
    content_type: contentType,
    ...(contentId === '' ? {} : { content_id: contentId }),
  }
}
