import { type Fields, fieldsOf, firstText, parseReportBody, parseReportTime } from '../report-body.ts'
import { type ProviderEvent, type ProviderEventKind, ReportMalformed, type ReportReader } from '../reports.ts'
import { isSame } from '../signatures.ts'

/**
 * Postmark's webhooks. It signs nothing; what proves a call is HTTP basic authentication with a password of the account, and
 * the username `mainstay`.
 *
 * https://postmarkapp.com/developer/webhooks/webhooks-overview
 */
export const postmarkReports: ReportReader<{ webhookPassword: string }> = {
  read({ headers, body }, { webhookPassword }) {
    if (webhookPassword === '') return { forged: 'This account has no password for webhooks.' }
    const [, credentials = ''] = /^basic ([a-z0-9+/]+={0,2})$/i.exec(headers.authorization ?? '') ?? []
    if (!isSame(Buffer.from(credentials, 'base64').toString('utf8'), `mainstay:${webhookPassword}`)) {
      return { forged: 'The username or the password is not the account’s.' }
    }
    const event = toEvent(parseReportBody(body))
    return { events: event === undefined ? [] : [event] }
  },
}

function toEvent(fields: Fields): ProviderEvent | undefined {
  const record = firstText(fields.RecordType)
  if (record === undefined) throw new ReportMalformed('The event has no record type.')
  const kind = kindOf(record, fields)
  if (kind === undefined) return
  const time = fields.DeliveredAt ?? fields.BouncedAt ?? fields.ReceivedAt ?? fields.ChangedAt
  const providerMessageId = firstText(fields.MessageID)
  const messageId = firstText(fieldsOf(fields.Metadata).mainstay_message)
  const address = firstText(fields.Recipient, fields.Email)
  return {
    // Ids of bounces are beyond what JSON's numbers hold exactly; all of these are the same when it is told again.
    eventId: [record, fields.ID, providerMessageId, address, time].filter(Boolean).map(String).join('/'),
    kind,
    timeMs: parseReportTime(time),
    ...(messageId === undefined ? {} : { messageId }),
    ...(providerMessageId === undefined ? {} : { providerMessageId }),
    ...(address === undefined ? {} : { address }),
    detail:
      firstText(
        fields.Details,
        fields.Description,
        fields.OriginalLink,
        fields.SuppressionReason,
        fields.Type,
      ) ?? record,
  }
}

function kindOf(record: string, fields: Fields): ProviderEventKind | undefined {
  if (record === 'Bounce') return BOUNCES.get(String(fields.Type))
  if (record !== 'SubscriptionChange') return RECORDS.get(record)
  if (fields.SuppressSending !== true) return
  // Suppressed by hand says something of the recipient only when it was theirs.
  if (fields.SuppressionReason === 'ManualSuppression') {
    return fields.Origin === 'Recipient' ? 'unsubscribed' : undefined
  }
  return BOUNCES.get(String(fields.SuppressionReason))
}

const RECORDS: ReadonlyMap<string, ProviderEventKind> = new Map([
  ['Delivery', 'delivered'],
  ['SpamComplaint', 'complained'],
  ['Open', 'opened'],
  ['Click', 'clicked'],
])

/**
 * The types of bounces that end a message, https://postmarkapp.com/developer/api/bounce-api#bounce-types. Left out are those
 * that Postmark goes on trying after (`Transient`, `DnsError`), and answers of machines to a mail that was delivered.
 */
const BOUNCES: ReadonlyMap<string, ProviderEventKind> = new Map([
  ['HardBounce', 'bounced'],
  ['BadEmailAddress', 'bounced'],
  ['SpamComplaint', 'complained'],
  ['Unsubscribe', 'unsubscribed'],
  ['SoftBounce', 'failed'],
  ['SpamNotification', 'failed'],
  ['VirusNotification', 'failed'],
  ['ManuallyDeactivated', 'failed'],
  ['Blocked', 'failed'],
  ['DMARCPolicy', 'failed'],
  ['SMTPApiError', 'failed'],
  ['TemplateRenderingFailed', 'failed'],
  ['Unknown', 'failed'],
])
