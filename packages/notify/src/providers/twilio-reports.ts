import { createHash, createHmac } from 'node:crypto'
import { messageNamedIn } from './message-reference.ts'
import { parseReportBody } from './report-body.ts'
import {
  type ProviderEvent,
  type ProviderEventKind,
  ReportMalformed,
  type ReportReader,
  type ReportRequest,
} from './reports.ts'
import { isSame } from './signatures.ts'

/**
 * Twilio's status callbacks: HMAC-SHA1 with the auth token, in base64, over the URL and the form's fields sorted by name; of
 * a JSON body, over the URL alone, whose `bodySHA256` is the body's hash. They carry no time and no id of their own, so each
 * state of a message is one event.
 *
 * https://www.twilio.com/docs/usage/webhooks/webhooks-security
 * https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
 */
export const twilioReports: ReportReader<{ authToken: string }> = {
  read(request, { authToken }) {
    if (authToken === '') return { forged: 'This account has no auth token to check signatures with.' }
    const given = request.headers['x-twilio-signature'] ?? ''
    if (given === '') return { forged: 'The header X-Twilio-Signature is missing.' }
    const text = request.body.toString('utf8')
    const bodyHash = new URL(request.url).searchParams.get('bodySHA256')
    if (bodyHash !== null) {
      if (!isSame(bodyHash, createHash('sha256').update(request.body).digest('hex'))) {
        return { forged: 'The body is not the one that the URL names.' }
      }
      if (!isSigned(given, request.url, '', authToken)) return { forged: WRONG_KEY }
      return { events: toEvents(jsonFields(text), request) }
    }
    const fields = new URLSearchParams(text)
    if (!isSigned(given, request.url, sortedFields(fields), authToken)) return { forged: WRONG_KEY }
    return { events: toEvents(new Map(fields), request) }
  },
}

const WRONG_KEY = 'The signature is not of this account’s auth token.'

/** Twilio signs the URL with its port or without, and does not say when which. */
function isSigned(given: string, url: string, fields: string, authToken: string): boolean {
  const { protocol, hostname, port, pathname, search } = new URL(url)
  const standardPort = protocol === 'https:' ? '443' : '80'
  const spellings = [hostname, `${hostname}:${port === '' ? standardPort : port}`].map(
    (host) => `${protocol}//${host}${pathname}${search}`,
  )
  return [url, ...spellings].some((spelling) => {
    const expected = createHmac('sha1', authToken).update(spelling + fields)
    return isSame(given, expected.digest('base64'))
  })
}

/** Name and value after one another, in order of names; of a field that comes twice, each value once. */
function sortedFields(fields: URLSearchParams): string {
  const names = [...new Set(fields.keys())].sort()
  return names
    .map((name) => [...new Set(fields.getAll(name))].sort().reduce((text, value) => text + name + value, ''))
    .join('')
}

const KINDS: ReadonlyMap<string, ProviderEventKind> = new Map([
  ['sent', 'sent'],
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['undelivered', 'failed'],
  ['failed', 'failed'],
  ['canceled', 'failed'],
])

/**
 * What a failure's code says of the address: an unknown handset (30005), nobody at that address of the channel (63003, 63024);
 * and someone who answered STOP (21610). A landline or unreachable carrier (30006) is not told apart, and condemns nobody.
 */
const FAILURES: ReadonlyMap<string, ProviderEventKind> = new Map([
  ['30005', 'bounced'],
  ['63003', 'bounced'],
  ['63024', 'bounced'],
  ['21610', 'unsubscribed'],
])

function toEvents(fields: ReadonlyMap<string, string>, { url, receivedMs }: ReportRequest): ProviderEvent[] {
  const sid = fields.get('MessageSid') ?? ''
  const status = fields.get('MessageStatus') ?? ''
  if (!/^[A-Z]{2}[0-9a-f]{32}$/.test(sid) || status === '') {
    throw new ReportMalformed('The callback has no message SID or status.')
  }
  const code = fields.get('ErrorCode') ?? ''
  const kind = KINDS.get(status) === 'failed' ? (FAILURES.get(code) ?? 'failed') : KINDS.get(status)
  if (kind === undefined) return []
  const messageId = messageNamedIn(url)
  const address = fields.get('To')?.replace(/^whatsapp:/, '')
  const words = fields.get('ErrorMessage') ?? fields.get('ChannelStatusMessage') ?? ''
  return [
    {
      eventId: `${sid}:${status}`,
      kind,
      timeMs: receivedMs,
      ...(messageId === undefined ? {} : { messageId }),
      providerMessageId: sid,
      ...(address === undefined ? {} : { address }),
      detail: [status, code, words].filter((text) => text !== '').join(' '),
    },
  ]
}

function jsonFields(text: string): ReadonlyMap<string, string> {
  const fields = Object.entries(parseReportBody(text))
  return new Map(fields.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])))
}
