import { verifyBodyJwt } from '../body-jwt.ts'
import { asMessageId } from '../message-reference.ts'
import { withPlus } from '../phone-numbers.ts'
import { fieldsOf, firstText, parseReportBody, parseReportTime } from '../report-body.ts'
import { type ProviderEvent, type ProviderEventKind, ReportMalformed, type ReportReader } from '../reports.ts'
import { readVonageCode } from './vonage-errors.ts'

/**
 * Vonage's signed webhooks: `Authorization: Bearer` with a token of HS256 and the account's signature secret, which holds the
 * body's hash. Vonage repeats calls for 24 hours, so a token is believed for that long; each state of a message is one event,
 * and a replay changes nothing.
 *
 * https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks
 * https://developer.vonage.com/en/messages/concepts/messages-status-callbacks
 */
export const vonageReports: ReportReader<{ signatureSecret: string }> = {
  async read(request, { signatureSecret }) {
    if (signatureSecret === '') return { forged: 'This account has no signature secret.' }
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (token === undefined) return { forged: 'The header Authorization has no token.' }
    const options = { issuer: 'Vonage', maxAge: '24 hours' }
    const claims = await verifyBodyJwt(token, signatureSecret, request, options)
    if (claims === undefined || request.body.length === 0) {
      return { forged: 'The token is not of this account’s signature secret, or not of this body.' }
    }
    return { events: toEvents(request.body) }
  },
}

const KINDS: ReadonlyMap<string, ProviderEventKind> = new Map([
  ['submitted', 'sent'],
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['rejected', 'failed'],
  ['undeliverable', 'failed'],
])

/** The recipient is no number. */
const DEAD_ADDRESS = new Set(['1170', '1430'])

function toEvents(body: Buffer): ProviderEvent[] {
  const { message_uuid: id, status, timestamp, client_ref: reference, to, error } = parseReportBody(body)
  if (typeof id !== 'string' || typeof status !== 'string') {
    throw new ReportMalformed('The report has no message or state.')
  }
  const timeMs = parseReportTime(timestamp)
  const kind = KINDS.get(status)
  if (kind === undefined) return []
  const problem = fieldsOf(error)
  const code = readVonageCode(problem)
  const isDead = kind === 'failed' && code !== undefined && DEAD_ADDRESS.has(code)
  const messageId = asMessageId(reference)
  return [
    {
      eventId: `${id}:${status}`,
      kind: isDead ? 'bounced' : kind,
      timeMs,
      ...(messageId === undefined ? {} : { messageId }),
      providerMessageId: id,
      ...(typeof to === 'string' ? { address: withPlus(to) } : {}),
      detail: [status, code, firstText(problem.detail)].filter((part) => part !== undefined).join(' '),
    },
  ]
}
