import { createHmac } from 'node:crypto'
import { textOf } from '../http-outcome.ts'
import { asMessageId } from '../message-reference.ts'
import { type Fields, fieldsOf, firstText, parseReportBody } from '../report-body.ts'
import {
  type ProviderEvent,
  type ProviderEventKind,
  ReportMalformed,
  type ReportReader,
  type Reports,
} from '../reports.ts'
import { isSame } from '../signatures.ts'

interface MetaSecrets {
  appSecret: string
  verifyToken: string
}

/**
 * Meta's webhooks: HMAC-SHA256 of the raw body with the app secret, in hex. The URL itself is confirmed once by a GET whose
 * challenge is repeated to whoever knows the verify token. They carry no id of their own, so each state of a message is one
 * event; its time is the provider's.
 *
 * No address is told: `recipient_id` is WhatsApp's own id of the person, which in some countries is not the number.
 *
 * https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components
 */
export const metaReports: ReportReader<MetaSecrets> = {
  read({ method, url, headers, body }, { appSecret, verifyToken }) {
    if (method === 'GET') return confirm(new URL(url).searchParams, verifyToken)
    if (appSecret === '') return { forged: 'This account has no app secret.' }
    const given = headers['x-hub-signature-256'] ?? ''
    if (given === '') return { forged: 'The header X-Hub-Signature-256 is missing.' }
    const expected = `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`
    if (!isSame(given, expected)) return { forged: 'The signature is not of this account’s app secret.' }
    return { events: readEvents(parseReportBody(body)) }
  },
}

function confirm(query: URLSearchParams, verifyToken: string): Reports {
  if (verifyToken === '') return { forged: 'This account has no verify token.' }
  const challenge = query.get('hub.challenge') ?? ''
  const isRight = isSame(query.get('hub.verify_token') ?? '', verifyToken)
  if (!isRight || query.get('hub.mode') !== 'subscribe' || !/^[\w-]{1,200}$/.test(challenge)) {
    return { forged: 'It does not know this account’s verify token.' }
  }
  return { events: [], reply: { status: 200, contentType: 'text/plain', body: challenge } }
}

/** Other fields than `messages`, and messages that people wrote, are not for here. */
function readEvents(report: Fields): ProviderEvent[] {
  return list(report.entry)
    .flatMap(({ changes }) => list(changes))
    .filter(({ field }) => field === 'messages')
    .flatMap(({ value }) => {
      const { statuses } = fieldsOf(value)
      return statuses === undefined ? [] : list(statuses)
    })
    .flatMap((status) => toEvent(status) ?? [])
}

const KINDS: ReadonlyMap<string, ProviderEventKind> = new Map([
  ['sent', 'sent'],
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['failed', 'failed'],
])

/** The person wants no more marketing messages of this business. */
const STOPPED = 131_050

function toEvent(entry: Fields): ProviderEvent | undefined {
  const { id, status, biz_opaque_callback_data: reference, errors } = entry
  const timestamp = textOf(entry.timestamp) ?? ''
  if (typeof id !== 'string' || typeof status !== 'string' || !/^\d{1,12}$/.test(timestamp)) {
    throw new ReportMalformed('A status has no message, state or time.')
  }
  const kind = KINDS.get(status)
  if (kind === undefined) return undefined
  const error = fieldsOf(Array.isArray(errors) ? errors[0] : undefined)
  const messageId = asMessageId(reference)
  const words = firstText(fieldsOf(error.error_data).details, error.message, error.title)
  return {
    eventId: `${id}:${status}`,
    kind: kind === 'failed' && error.code === STOPPED ? 'unsubscribed' : kind,
    timeMs: Number(timestamp) * 1000,
    ...(messageId === undefined ? {} : { messageId }),
    providerMessageId: id,
    detail: [status, textOf(error.code), words].filter((part) => part !== undefined).join(' '),
  }
}

function list(value: unknown): Fields[] {
  if (!Array.isArray(value)) throw new ReportMalformed('A list is missing.')
  return value.map(fieldsOf)
}
