import type { ProviderResult } from '../adapter.ts'
import { awsFields, awsHost, judgeAwsError, readAwsError, verifyAwsIdentity } from '../aws/aws-account.ts'
import { signAwsRequest } from '../aws/aws-signature.ts'
import { jsonObject, textOf } from '../http-outcome.ts'
import { readMailFields } from '../mail-fields.ts'
import { composeMail } from '../mail-message.ts'
import { formatMailbox, type Mailbox, parseMailbox } from '../mailboxes.ts'
import { defineService, unsendable } from '../service.ts'
import { sesReports } from './ses-reports.ts'

/**
 * Amazon SES by its API v2. It takes no idempotency key and cannot be asked for a message by a name of ours, so an answer
 * that was lost stays unknown until a report tells. Both the tag and the header name the message: reports that a
 * configuration set publishes carry the tag, notifications of an identity the header.
 */
export const ses = defineService({
  kind: 'ses',
  title: 'Amazon SES',
  channel: 'email',
  documentation: 'https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'message',
    // While an account is in the sandbox; 14 a second and more after that.
    messagesPerSecond: 1,
  },
  fields: {
    ...awsFields,
    configurationSet: {
      label: 'Configuration set',
      help: 'The one whose events are published to the topic below. Empty: the identity’s default.',
      secret: false,
      required: false,
      pattern: /^[\w-]{1,64}$/,
    },
    topicArn: {
      label: 'Topic of reports (ARN)',
      help: 'The Amazon SNS topic that SES publishes to, without raw message delivery. Without it, reports are refused.',
      secret: false,
      required: false,
      forReports: true,
      pattern: /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/,
    },
  },
  senderHelp: 'A mailbox of a verified identity: Acme <hello@acme.example>',
  isSender: (sender) => parseMailbox(sender) !== undefined,
  reports: sesReports,
  async request(email, config, context) {
    const mail = readMailFields(email)
    if ('refused' in mail) return unsendable(mail.refused)
    // Mail with files is written whole, as SMTP would carry it.
    const composed = email.attachments === undefined ? undefined : await composeMail(email)
    if (composed !== undefined && 'refused' in composed) return unsendable(composed.refused)
    const raw = composed && { Raw: { Data: composed.content.toString('base64') } }
    const content = (text: string) => ({ Data: text, Charset: 'UTF-8' })
    const body = JSON.stringify({
      FromEmailAddress: formatSender(mail.from),
      Destination: { ToAddresses: [mail.to] },
      ...(mail.replyTo === undefined || raw !== undefined
        ? {}
        : { ReplyToAddresses: [formatSender(mail.replyTo)] }),
      Content: raw ?? {
        Simple: {
          Subject: content(email.subject),
          Body: {
            ...(email.text === '' ? {} : { Text: content(email.text) }),
            ...(email.html === '' ? {} : { Html: content(email.html) }),
          },
          Headers: Object.entries(mail.headers).map(([Name, Value]) => ({ Name, Value })),
        },
      },
      EmailTags: [{ Name: 'mainstay_message', Value: email.messageId }],
      ...(config.configurationSet === '' ? {} : { ConfigurationSetName: config.configurationSet }),
    })
    const url = `https://${awsHost('email', config.region)}/v2/email/outbound-emails`
    const headers = { 'content-type': 'application/json' }
    return signAwsRequest({ method: 'POST', url, headers, body }, config, 'ses', context.nowMs())
  },
  readId: (answer) => textOf(jsonObject(answer)?.MessageId),
  judge(answer, reply): ProviderResult | undefined {
    const error = readAwsError(answer)
    if (error === undefined) return
    const isAccountFault =
      ACCOUNT_FAULTS.has(error.code) ||
      // Of senders that are not verified, and in the sandbox of recipients.
      (error.code === 'MessageRejected' && error.message.includes('is not verified'))
    if (isAccountFault) return { outcome: 'rejected_transient', reply, accountFault: true }
    return judgeAwsError(error, reply)
  },
  verify: verifyAwsIdentity,
})

/** `LimitExceededException` is the day's quota. */
const ACCOUNT_FAULTS = new Set([
  'AccountSuspendedException',
  'LimitExceededException',
  'MailFromDomainNotVerifiedException',
  'SendingPausedException',
])

/** SES takes names beyond ASCII as encoded words only (RFC 2047), each at most 75 characters long. */
function formatSender(from: Mailbox): string {
  if (!/[^ -~]/.test(from.name)) return formatMailbox(from)
  const words: string[] = ['']
  for (const char of from.name) {
    const last = words.length - 1
    if (Buffer.byteLength(words[last] + char) > 45) words.push(char)
    else words[last] += char
  }
  const encoded = words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`)
  return `${encoded.join(' ')} <${from.address}>`
}
