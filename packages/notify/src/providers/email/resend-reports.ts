import { type Fields, fieldsOf, firstText, parseReportBody, parseReportTime } from '../report-body.ts'
import { type ProviderEvent, type ProviderEventKind, ReportMalformed, type ReportReader } from '../reports.ts'
import { verifyStandardWebhook } from '../webhook-verification.ts'

/**
 * Resend's webhooks, which Svix sends and signs. `svix-id` is the same when an event is sent again.
 *
 * https://resend.com/docs/webhooks/verify-webhooks-requests and https://resend.com/docs/webhooks/event-types
 */
export const resendReports: ReportReader<{ webhookSecret: string }> = {
  read(request, { webhookSecret }) {
    const verified = verifyStandardWebhook(request, webhookSecret, 'svix')
    if ('forged' in verified) return verified
    const event = toEvent(verified.id, parseReportBody(request.body))
    return { events: event === undefined ? [] : [event] }
  },
}

const KINDS: Readonly<Record<string, ProviderEventKind>> = {
  'email.sent': 'sent',
  'email.delivered': 'delivered',
  'email.bounced': 'bounced',
  // The address bounced or complained before, or was put on Resend's list by hand.
  'email.suppressed': 'bounced',
  'email.failed': 'failed',
  'email.complained': 'complained',
  'email.opened': 'opened',
  'email.clicked': 'clicked',
}

function toEvent(eventId: string, { type, created_at: time, data }: Fields): ProviderEvent | undefined {
  if (typeof type !== 'string') throw new ReportMalformed('The event has no type.')
  if (!Object.hasOwn(KINDS, type)) return
  const mail = fieldsOf(data)
  const bounce = fieldsOf(mail.bounce)
  const tags = fieldsOf(mail.tags)
  const id = firstText(mail.email_id)
  if (id === undefined) throw new ReportMalformed('The event names no email.')
  const address = Array.isArray(mail.to) ? firstText(mail.to[0]) : undefined
  const messageId = firstText(tags.mainstay_message)
  // Only a permanent bounce says that the address is dead; a transient one may be a mailbox that is full.
  const kind =
    type === 'email.bounced' && bounce.type !== 'Permanent' ? 'failed' : (KINDS[type] as ProviderEventKind)
  return {
    eventId,
    kind,
    timeMs: parseReportTime(time),
    providerMessageId: id,
    ...(messageId === undefined ? {} : { messageId }),
    ...(address === undefined ? {} : { address }),
    detail:
      firstText(
        bounce.message,
        fieldsOf(mail.suppressed).message,
        fieldsOf(mail.failed).reason,
        fieldsOf(mail.click).link,
      ) ?? type,
  }
}
