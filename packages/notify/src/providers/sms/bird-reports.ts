import { asMessageId } from '../message-reference.ts'
import { fieldsOf, firstText, parseReportBody, parseReportTime } from '../report-body.ts'
import { type ProviderEvent, type ProviderEventKind, ReportMalformed, type ReportReader } from '../reports.ts'
import { verifyStandardWebhook } from '../webhook-verification.ts'

/**
 * Bird's webhooks, signed as Standard Webhooks says. Its test call has a type and no data, and means nothing.
 *
 * https://bird.com/docs/webhooks
 */
export const birdReports: ReportReader<{ webhookSecret: string }> = {
  read(request, { webhookSecret }) {
    const verified = verifyStandardWebhook(request, webhookSecret, 'webhook')
    return 'forged' in verified ? verified : { events: toEvents(verified.id, request.body) }
  },
}

const KINDS: ReadonlyMap<string, ProviderEventKind> = new Map([
  ['sms.sent', 'sent'],
  ['sms.delivered', 'delivered'],
  ['sms.undelivered', 'failed'],
  ['sms.failed', 'failed'],
  ['sms.rejected', 'failed'],
  ['sms.expired', 'failed'],
])

/** What a failure's code says of the number: unassigned, ported out or malformed; a landline; on Bird's list of opt-outs. */
const FAILURES: ReadonlyMap<unknown, ProviderEventKind> = new Map<unknown, ProviderEventKind>([
  ['invalid_destination', 'bounced'],
  ['landline_unreachable', 'bounced'],
  ['recipient_opted_out', 'unsubscribed'],
])

function toEvents(eventId: string, body: Buffer): ProviderEvent[] {
  const { type, timestamp, data } = parseReportBody(body)
  if (typeof type !== 'string') throw new ReportMalformed('The event has no type.')
  const kind = KINDS.get(type)
  if (kind === undefined || data === undefined) return []
  const sms = fieldsOf(data)
  const id = firstText(sms.sms_id)
  if (id === undefined) throw new ReportMalformed('The event names no message.')
  const error = fieldsOf(sms.error)
  const messageId = asMessageId(fieldsOf(sms.metadata).mainstay_message)
  const address = firstText(sms.to)
  return [
    {
      eventId,
      kind: kind === 'failed' ? (FAILURES.get(error.code) ?? 'failed') : kind,
      timeMs: parseReportTime(timestamp),
      ...(messageId === undefined ? {} : { messageId }),
      providerMessageId: id,
      ...(address === undefined ? {} : { address }),
      detail: [type, firstText(error.code), firstText(error.description)]
        .filter((part) => part !== undefined)
        .join(' '),
    },
  ]
}
