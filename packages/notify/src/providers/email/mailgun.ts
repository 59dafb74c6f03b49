import { jsonObject, textOf } from '../http-outcome.ts'
import type { HttpRequest } from '../http-sender.ts'
import { readMailFields } from '../mail-fields.ts'
import { formatMailbox, parseMailbox } from '../mailboxes.ts'
import { defineService, unsendable } from '../service.ts'
import { mailgunReports } from './mailgun-reports.ts'

/**
 * Mailgun's Messages API, as a form. It takes no idempotency key and its events cannot be searched for a variable of ours, so
 * an answer that was lost stays unknown until a report tells.
 */
export const mailgun = defineService({
  kind: 'mailgun',
  title: 'Mailgun',
  channel: 'email',
  documentation: 'https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'message',
    messagesPerSecond: 0,
  },
  fields: {
    apiKey: {
      label: 'Sending key',
      help: 'Send → Sending → Domain settings → Sending keys. An account API key does as well.',
      secret: true,
      required: true,
      pattern: /^[\w-]{16,128}$/,
    },
    domain: {
      label: 'Domain',
      help: 'The sending domain as Mailgun knows it, for example mail.acme.example.',
      secret: false,
      required: true,
      pattern: /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/i,
    },
    region: {
      label: 'Region',
      help: 'Where the domain was created; it cannot be changed there.',
      secret: false,
      required: false,
      choices: ['us', 'eu'],
    },
    webhookKey: {
      label: 'HTTP webhook signing key',
      help: 'Send → Sending → Webhooks, at the side. Without it, reports are refused.',
      secret: true,
      required: false,
      forReports: true,
      pattern: /^[\w-]{16,128}$/,
    },
  },
  senderHelp: 'A mailbox of the domain: Acme <hello@mail.acme.example>',
  isSender: (sender) => parseMailbox(sender) !== undefined,
  reports: mailgunReports,
  request(email, config) {
    const mail = readMailFields(email)
    if ('refused' in mail) return unsendable(mail.refused)
    const headers = Object.entries(mail.headers).map(([name, value]) => [`h:${name}`, value])
    return postForm(config, {
      from: formatMailbox(mail.from),
      to: mail.to,
      subject: email.subject,
      ...(email.text === '' ? {} : { text: email.text }),
      ...(email.html === '' ? {} : { html: email.html }),
      ...Object.fromEntries(headers),
      'v:mainstay_message': email.messageId,
    })
  },
  // Reports name it without the brackets.
  readId: (answer) => textOf(jsonObject(answer)?.id)?.replace(/^<|>$/g, ''),
  // A sending key may do nothing but send. Without a sender, a form sends nothing; the key is looked at first.
  verify: (config) => postForm(config, {}),
  isVerified: (answer) =>
    answer.status === 400 && /parameter is missing/.test(textOf(jsonObject(answer)?.message) ?? ''),
})

interface MailgunAccount {
  apiKey: string
  domain: string
  region: string
}

function postForm({ apiKey, domain, region }: MailgunAccount, fields: Record<string, string>): HttpRequest {
  const origin = region === 'eu' ? 'https://api.eu.mailgun.net' : 'https://api.mailgun.net'
  return {
    method: 'POST',
    url: `${origin}/v3/${domain}/messages`,
    headers: {
      authorization: `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams(fields).toString(),
  }
}
