import { jsonObject, textOf } from '../http-outcome.ts'
import type { HttpRequest } from '../http-sender.ts'
import { readMailFields } from '../mail-fields.ts'
import { formatMailbox, parseMailbox } from '../mailboxes.ts'
import type { OutgoingAttachment } from '../outgoing.ts'
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
    const fields = {
      from: formatMailbox(mail.from),
      to: mail.to,
      subject: email.subject,
      ...(email.text === '' ? {} : { text: email.text }),
      ...(email.html === '' ? {} : { html: email.html }),
      ...Object.fromEntries(headers),
      ...(mail.replyTo === undefined ? {} : { 'h:Reply-To': formatMailbox(mail.replyTo) }),
      'v:mainstay_message': email.messageId,
    }
    return email.attachments === undefined
      ? postForm(config, fields)
      : postMultipart(config, fields, email.attachments)
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

function postForm(account: MailgunAccount, fields: Record<string, string>): HttpRequest {
  const body = new URLSearchParams(fields).toString()
  return post(account, 'application/x-www-form-urlencoded', body)
}

/** A picture that the HTML shows is an `inline` part, and its name is what `cid:` names. */
async function postMultipart(
  account: MailgunAccount,
  fields: Record<string, string>,
  files: readonly OutgoingAttachment[],
): Promise<HttpRequest> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  for (const { fileName, contentType, contentId, content } of files) {
    const blob = new Blob([new Uint8Array(content)], { type: contentType })
    form.append(contentId === '' ? 'attachment' : 'inline', blob, contentId === '' ? fileName : contentId)
  }
  const encoded = new Response(form)
  const body = Buffer.from(await encoded.arrayBuffer())
  return post(account, encoded.headers.get('content-type') ?? '', body)
}

function post(
  { apiKey, domain, region }: MailgunAccount,
  contentType: string,
  body: string | Buffer,
): HttpRequest {
  const origin = region === 'eu' ? 'https://api.eu.mailgun.net' : 'https://api.mailgun.net'
  return {
    method: 'POST',
    url: `${origin}/v3/${domain}/messages`,
    headers: {
      authorization: `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`,
      'content-type': contentType,
    },
    body,
  }
}
