import { createSnsReports, fetchFromSns, type SnsFetch } from '../aws/sns-reports.ts'
import type { SnsMessage } from '../aws/sns-signature.ts'
import { MESSAGE_HEADER } from '../mail-fields.ts'
import { type Fields, fieldsOf, firstText, parseReportBody, parseReportTime } from '../report-body.ts'
import { type ProviderEvent, type ProviderEventKind, ReportMalformed, type ReportReader } from '../reports.ts'

/**
 * What SES publishes to a topic of Amazon SNS: events of a configuration set and notifications of an identity, which differ
 * in the name of their type and in that the latter carry no tags.
 *
 * https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
 */
export function createSesReports(fetch: SnsFetch): ReportReader<{ topicArn: string }> {
  return createSnsReports(fetch, readEvents)
}

export const sesReports = createSesReports(fetchFromSns)

/** What each type means, and the member that tells more. */
const TYPES: Readonly<Record<string, { kind: ProviderEventKind; member: string }>> = {
  Send: { kind: 'sent', member: 'send' },
  Delivery: { kind: 'delivered', member: 'delivery' },
  Bounce: { kind: 'bounced', member: 'bounce' },
  Complaint: { kind: 'complained', member: 'complaint' },
  Reject: { kind: 'failed', member: 'reject' },
  'Rendering Failure': { kind: 'failed', member: 'failure' },
  Open: { kind: 'opened', member: 'open' },
  Click: { kind: 'clicked', member: 'click' },
}

function readEvents({ id, message }: SnsMessage): ProviderEvent[] {
  // SES says once, in words, that it may publish to the topic.
  if (message.startsWith('Successfully validated SNS topic')) return []
  const event = parseReportBody(message)
  const type = firstText(event.eventType, event.notificationType)
  if (type === undefined) throw new ReportMalformed('The event has no type.')
  const known = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined
  if (known === undefined) return []
  const mail = fieldsOf(event.mail)
  const more = fieldsOf(event[known.member])
  const messageId = messageIdOf(mail)
  const providerMessageId = firstText(mail.messageId)
  // Only a permanent bounce says that the address is dead; a transient one may be a mailbox that is full.
  const kind = type === 'Bounce' && more.bounceType !== 'Permanent' ? 'failed' : known.kind
  return recipientsOf(more, mail).map(({ address, words }, place) => ({
    eventId: place === 0 ? id : `${id}/${place}`,
    kind,
    timeMs: parseReportTime(more.timestamp ?? mail.timestamp),
    ...(messageId === undefined ? {} : { messageId }),
    ...(providerMessageId === undefined ? {} : { providerMessageId }),
    ...(address === undefined ? {} : { address }),
    detail: words ?? describe(more) ?? type,
  }))
}

/** From the tag, or from the header where tags are not published. */
function messageIdOf(mail: Fields): string | undefined {
  const [tag] = listOf(fieldsOf(mail.tags).mainstay_message)
  const header = listOf(mail.headers)
    .map(fieldsOf)
    .find(({ name }) => typeof name === 'string' && name.toLowerCase() === MESSAGE_HEADER.toLowerCase())
  return firstText(tag, header?.value)
}

/** One of each recipient that the event is about, of bounces with the words of the server that refused; at least one. */
function recipientsOf(more: Fields, mail: Fields): { address?: string; words?: string }[] {
  const named = [more.bouncedRecipients, more.complainedRecipients, more.recipients, mail.destination]
  const recipients = named.map(listOf).find((list) => list.length > 0) ?? [undefined]
  return recipients.map((recipient) => {
    const { emailAddress, diagnosticCode } = fieldsOf(recipient)
    const address = firstText(recipient, emailAddress)
    const words = firstText(diagnosticCode)
    return { ...(address === undefined ? {} : { address }), ...(words === undefined ? {} : { words }) }
  })
}

function describe(more: Fields): string | undefined {
  const bounce = firstText(more.bounceType)
  if (bounce !== undefined) return [bounce, firstText(more.bounceSubType)].filter(Boolean).join(': ')
  return firstText(more.smtpResponse, more.complaintFeedbackType, more.reason, more.errorMessage, more.link)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
