import { createHmac } from 'node:crypto'
import { textOf } from '../http-outcome.ts'
import { type Fields, fieldsOf, firstText, parseUnverifiedBody } from '../report-body.ts'
import { type ProviderEvent, type ProviderEventKind, ReportMalformed, type ReportReader } from '../reports.ts'
import { isSame } from '../signatures.ts'

/** Mailgun repeats a delivery for 8 hours; what is older is not one of its repetitions. */
const MAX_AGE_MS = 9 * 3_600_000
const MAX_AHEAD_MS = 5 * 60_000

/**
 * Mailgun's webhooks. What is signed is a time and a token (HMAC-SHA256, hexadecimal), not the event beside them: whoever has
 * seen one call could send another event under its token. So the token is the id of the event, by which a second one is
 * left out, and a time too long ago is refused.
 *
 * https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
 */
export const mailgunReports: ReportReader<{ webhookKey: string }> = {
  read(request, { webhookKey }) {
    if (webhookKey === '') return { forged: 'This account has no webhook signing key.' }
    const body = parseUnverifiedBody(request.body)
    const signature = fieldsOf(body?.signature)
    const token = firstText(signature.token)
    const timestamp = textOf(signature.timestamp) ?? ''
    if (body === undefined || token === undefined || !/^\d{1,12}$/.test(timestamp)) {
      return { forged: 'The signature is missing.' }
    }
    const expected = createHmac('sha256', webhookKey).update(`${timestamp}${token}`).digest('hex')
    // An event of a subaccount is signed with the key of the account above as well.
    const isSigned = [signature.signature, signature['parent-signature']].some(
      (given) => typeof given === 'string' && isSame(given, expected),
    )
    if (!isSigned) return { forged: 'The signature is not of this account’s key.' }
    const ageMs = request.receivedMs - Number(timestamp) * 1000
    if (ageMs > MAX_AGE_MS || ageMs < -MAX_AHEAD_MS) return { forged: 'The signature is too old, or ahead.' }
    const event = toEvent(token, fieldsOf(body['event-data']))
    return { events: event === undefined ? [] : [event] }
  },
}

function toEvent(eventId: string, data: Fields): ProviderEvent | undefined {
  const { event, timestamp } = data
  if (typeof event !== 'string' || typeof timestamp !== 'number') {
    throw new ReportMalformed('The event has no name or time.')
  }
  const kind = event === 'failed' ? kindOfFailure(data) : KINDS.get(event)
  if (kind === undefined) return
  const messageId = firstText(fieldsOf(data['user-variables']).mainstay_message)
  const providerMessageId = firstText(fieldsOf(fieldsOf(data.message).headers)['message-id'])
  const address = firstText(data.recipient)
  const status = fieldsOf(data['delivery-status'])
  return {
    eventId,
    kind,
    timeMs: Math.round(timestamp * 1000),
    ...(messageId === undefined ? {} : { messageId }),
    ...(providerMessageId === undefined ? {} : { providerMessageId }),
    ...(address === undefined ? {} : { address }),
    detail:
      firstText(status.message, status.description, fieldsOf(data.reject).reason, data.reason, data.url) ??
      event,
  }
}

const KINDS: ReadonlyMap<string, ProviderEventKind> = new Map([
  ['accepted', 'sent'],
  ['delivered', 'delivered'],
  ['rejected', 'failed'],
  ['complained', 'complained'],
  ['unsubscribed', 'unsubscribed'],
  ['opened', 'opened'],
  ['clicked', 'clicked'],
])

/** A temporary failure is followed by another try. A permanent one says something of the address only for some reasons. */
function kindOfFailure({ severity, reason }: Fields): ProviderEventKind | undefined {
  return severity === 'permanent' ? (FAILURES.get(String(reason)) ?? 'failed') : undefined
}

/** Those that begin with `suppress` are of addresses that it was so of before. */
const FAILURES: ReadonlyMap<string, ProviderEventKind> = new Map([
  ['bounce', 'bounced'],
  ['suppress-bounce', 'bounced'],
  ['suppress-complaint', 'complained'],
  ['suppress-unsubscribe', 'unsubscribed'],
])
