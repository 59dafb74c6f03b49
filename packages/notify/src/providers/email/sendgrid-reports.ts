import { createPublicKey, verify } from 'node:crypto'
import { type ProviderEvent, type ProviderEventKind, ReportMalformed, type ReportReader } from '../reports.ts'

/**
 * SendGrid's signed event webhook: an ECDSA signature (P-256, SHA-256, DER in base64) over the timestamp header and the raw
 * body. The timestamp has no limit of age, because SendGrid repeats deliveries for 24 hours; events carry ids, so that a
 * replay changes nothing.
 *
 * https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
 */
export const sendgridReports: ReportReader<{ webhookKey: string }> = {
  read({ headers, body }, { webhookKey }) {
    if (webhookKey === '') return { forged: 'This account has no webhook verification key.' }
    const signature = headers['x-twilio-email-event-webhook-signature'] ?? ''
    const timestamp = headers['x-twilio-email-event-webhook-timestamp'] ?? ''
    if (!/^[A-Za-z0-9+/]{16,}={0,2}$/.test(signature) || timestamp === '') {
      return { forged: 'The signature headers are missing.' }
    }
    const key = createPublicKey({ key: Buffer.from(webhookKey, 'base64'), format: 'der', type: 'spki' })
    const signed = Buffer.concat([Buffer.from(timestamp), body])
    if (!verify('sha256', signed, key, Buffer.from(signature, 'base64'))) {
      return { forged: 'The signature is not of this account’s key.' }
    }
    return { events: readEvents(body) }
  },
}

const KINDS: Readonly<Record<string, ProviderEventKind>> = {
  processed: 'sent',
  delivered: 'delivered',
  bounce: 'bounced',
  dropped: 'failed',
  spamreport: 'complained',
  unsubscribe: 'unsubscribed',
  group_unsubscribe: 'unsubscribed',
  open: 'opened',
  click: 'clicked',
}

function readEvents(body: Buffer): ProviderEvent[] {
  let entries: unknown
  try {
    entries = JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new ReportMalformed('The body is not JSON.', { cause })
  }
  if (!Array.isArray(entries)) throw new ReportMalformed('The body is not a list of events.')
  return entries.flatMap((entry) => toEvent(entry as Record<string, unknown>) ?? [])
}

function toEvent(entry: Record<string, unknown>): ProviderEvent | undefined {
  const {
    event,
    type,
    sg_event_id: eventId,
    sg_message_id: id,
    timestamp,
    mainstay_message: messageId,
  } = entry
  if (typeof event !== 'string' || typeof eventId !== 'string' || typeof timestamp !== 'number') {
    throw new ReportMalformed('An event has no name, id or time.')
  }
  // A block is a refusal for now by the recipient's server, and says nothing about the address.
  const kind = event === 'bounce' && type === 'blocked' ? 'failed' : KINDS[event]
  if (kind === undefined) return
  return {
    eventId,
    kind,
    timeMs: timestamp * 1000,
    ...(typeof messageId === 'string' ? { messageId } : {}),
    // The id that sending answered with comes before the first full stop.
    ...(typeof id === 'string' ? { providerMessageId: id.split('.')[0] as string } : {}),
    ...(typeof entry.email === 'string' ? { address: entry.email } : {}),
    detail: [entry.reason, entry.response, entry.status].find((text) => typeof text === 'string') ?? event,
  }
}
