import type { LookupResult, ProviderResult } from '../adapter.ts'
import { jsonObject, textOf } from '../http-outcome.ts'
import { readMailFields } from '../mail-fields.ts'
import { formatMailbox, parseMailbox } from '../mailboxes.ts'
import type { OutgoingAttachment, OutgoingEmail } from '../outgoing.ts'
import { fieldsOf } from '../report-body.ts'
import { defineService, unsendable } from '../service.ts'
import { postmarkReports } from './postmark-reports.ts'

/**
 * Postmark's Email API. An `ErrorCode` other than 0 says what is wrong, whatever the status is. It takes no idempotency key,
 * but finds a message by its metadata, in which ours stands: what it finds was sent, and what it does not find may yet be
 * on its way into the index.
 */
export const postmark = defineService({
  kind: 'postmark',
  title: 'Postmark',
  channel: 'email',
  documentation: 'https://postmarkapp.com/developer/api/email-api',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'message',
    messagesPerSecond: 0,
  },
  fields: {
    serverToken: {
      label: 'Server API token',
      help: 'Servers → your server → API Tokens in Postmark.',
      secret: true,
      required: true,
      pattern: /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
    },
    messageStream: {
      label: 'Message stream',
      help: 'Its id, for example broadcast. Empty: outbound, the stream of transactional mail.',
      secret: false,
      required: false,
      pattern: /^[a-z][a-z0-9_-]{0,29}$/,
    },
    webhookPassword: {
      label: 'Webhook password',
      help: 'One that you make up. Webhooks → your webhook → Basic auth credentials, with the username mainstay.',
      secret: true,
      required: true,
      pattern: /^[\x21-\x7e]{16,128}$/,
    },
  },
  senderHelp: 'A confirmed sender signature, or a mailbox of a verified domain: Acme <hello@acme.example>',
  isSender: (sender) => parseMailbox(sender) !== undefined,
  reports: postmarkReports,
  request(email, { serverToken, messageStream }) {
    const mail = readMailFields(email)
    if ('refused' in mail) return unsendable(mail.refused)
    if (weigh(email) > MAX_BYTES)
      return unsendable('Postmark takes at most 10 MB an email, its files in base64.')
    return {
      method: 'POST',
      url: 'https://api.postmarkapp.com/email',
      headers: { ...authorise(serverToken), 'content-type': 'application/json' },
      body: JSON.stringify({
        From: formatMailbox(mail.from),
        To: mail.to,
        Subject: email.subject,
        ...(email.text === '' ? {} : { TextBody: email.text }),
        ...(email.html === '' ? {} : { HtmlBody: email.html }),
        Headers: Object.entries(mail.headers).map(([Name, Value]) => ({ Name, Value })),
        ...(mail.replyTo === undefined ? {} : { ReplyTo: formatMailbox(mail.replyTo) }),
        ...(email.attachments === undefined ? {} : { Attachments: email.attachments.map(toAttachment) }),
        Metadata: { [METADATA]: email.messageId },
        MessageStream: messageStream === '' ? 'outbound' : messageStream,
      }),
    }
  },
  readId: (answer) => textOf(jsonObject(answer)?.MessageID),
  judge(answer, reply) {
    const { ErrorCode: code, Message: message } = jsonObject(answer) ?? {}
    return typeof code === 'number' && code !== 0
      ? judgeCode(code, textOf(message) ?? '', answer.status, reply)
      : undefined
  },
  verify: ({ serverToken }) => ({
    method: 'GET',
    url: 'https://api.postmarkapp.com/server',
    headers: authorise(serverToken),
  }),
  lookup: {
    request: ({ messageId }, { serverToken }) => ({
      method: 'GET',
      url: `https://api.postmarkapp.com/messages/outbound?count=1&offset=0&metadata_${METADATA}=${messageId}`,
      headers: authorise(serverToken),
    }),
    read(answer, { messageId }): LookupResult {
      const { Messages: messages } = jsonObject(answer) ?? {}
      const found = fieldsOf(Array.isArray(messages) ? messages[0] : undefined)
      const reply = `Postmark answers HTTP ${answer.status}.`
      if (answer.status !== 200 || fieldsOf(found.Metadata)[METADATA] !== messageId) {
        return { outcome: 'unknown', reply }
      }
      const id = textOf(found.MessageID)
      return { outcome: 'sent', reply, ...(id === undefined ? {} : { providerMessageId: id }) }
    },
  },
})

function toAttachment({ fileName, contentType, contentId, content }: OutgoingAttachment) {
  return {
    Name: fileName,
    Content: content.toString('base64'),
    ContentType: contentType,
    ...(contentId === '' ? {} : { ContentID: `cid:${contentId}` }),
  }
}

/** Names of metadata have at most 20 characters. */
const METADATA = 'mainstay_message'

/** https://postmarkapp.com/developer/user-guide/send-email-with-api#attachments */
const MAX_BYTES = 10 * 1024 * 1024

function weigh({ text, html, attachments = [] }: OutgoingEmail): number {
  return attachments.reduce((sum, file) => sum + (file.content.length * 4) / 3, text.length + html.length)
}

/** https://postmarkapp.com/developer/api/overview#error-codes; undefined: the status decides. */
function judgeCode(code: number, message: string, status: number, reply: string): ProviderResult | undefined {
  if (code === 406) return { outcome: 'rejected_permanent', reply, addressFault: true }
  // The account's stream is not there, or is not one to send by: told by words alone.
  const isStreamFault = /^The stream provided|the supplied 'MessageStream'/.test(message)
  if (isStreamFault || ACCOUNT_FAULTS.has(code))
    return { outcome: 'rejected_transient', reply, accountFault: true }
  if (code === 300) {
    const [, field] = /^(?:Invalid|Error parsing) '(\w+)'/.exec(message) ?? []
    if (field === 'From') return { outcome: 'rejected_transient', reply, accountFault: true }
    return { outcome: 'rejected_permanent', reply, ...(field === 'To' ? { addressFault: true } : {}) }
  }
  if (code === MAINTENANCE) return { outcome: 'rejected_transient', reply }
  // An error inside a success is still a no.
  return status < 300 ? { outcome: 'rejected_permanent', reply } : undefined
}

const MAINTENANCE = 100
/**
 * 10: wrong token. 400 and 401: no such sender, or not confirmed. 405: out of credits. 412 and 413: the account may not send
 * yet, or any more.
 */
const ACCOUNT_FAULTS = new Set([10, 400, 401, 405, 412, 413])

function authorise(serverToken: string): Record<string, string> {
  return { accept: 'application/json', 'x-postmark-server-token': serverToken }
}
