import { textOf } from '../http-outcome.ts'
import { withPlus } from '../phone-numbers.ts'
import { type Fields, fieldsOf, firstText } from '../report-body.ts'
import { refuseWithoutToken } from '../report-token.ts'
import {
  type ProviderEvent,
  type ProviderEventKind,
  ReportMalformed,
  type ReportReader,
  type ReportRequest,
} from '../reports.ts'

/**
 * Gupshup's real-time delivery reports: a GET with the parameters that the account's callback URL asks for, or a POST of up to
 * 20 events as a JSON list, alone or as the form field `response`. Nothing is signed; the URL's token is what is checked.
 *
 * https://docs.gupshup.io/docs/real-time-delivery-reports
 */
export const gupshupReports: ReportReader<{ reportToken: string }> = {
  namesItsOwnIdOnly: true,
  read(request, { reportToken }) {
    return refuseWithoutToken(request, reportToken) ?? { events: readFields(request).flatMap(toEvent) }
  },
}

function readFields({ method, url, body }: ReportRequest): Fields[] {
  if (method === 'GET') return [Object.fromEntries(new URL(url).searchParams)]
  const text = body.toString('utf8')
  const json = text.trimStart().startsWith('[') ? text : new URLSearchParams(text).get('response')
  let list: unknown
  try {
    list = JSON.parse(json ?? '')
  } catch (cause) {
    throw new ReportMalformed('The body is not a JSON list.', { cause })
  }
  if (!Array.isArray(list)) throw new ReportMalformed('The body is not a list of events.')
  return list.map(fieldsOf)
}

/** `status` of a GET, `eventType` of a POST; UNKNOWN is no news. */
const KINDS: ReadonlyMap<string, ProviderEventKind> = new Map([
  ['SUCCESS', 'delivered'],
  ['DELIVERED', 'delivered'],
  ['SENT', 'sent'],
  ['FAILURE', 'failed'],
  ['FAILED', 'failed'],
])

function toEvent(fields: Fields): ProviderEvent[] {
  const id = firstText(fields.externalId)
  const status = firstText(fields.status, fields.eventType)
  const timeMs = Number(textOf(fields.deliveredTS ?? fields.eventTs) ?? Number.NaN)
  if (id === undefined || status === undefined || !Number.isSafeInteger(timeMs)) {
    throw new ReportMalformed('A report has no message, state or time.')
  }
  const kind = KINDS.get(status.toUpperCase())
  if (kind === undefined) return []
  const cause = firstText(fields.cause)
  const address = textOf(fields.phoneNo ?? fields.destAddr)
  return [
    {
      eventId: `${id}:${status}`,
      kind: kind === 'failed' && cause?.trim() === 'UNKNOWN_SUBSCRIBER' ? 'bounced' : kind,
      timeMs,
      providerMessageId: id,
      ...(address === undefined ? {} : { address: withPlus(address) }),
      detail: [status, cause?.trim()].filter((part) => part !== undefined).join(' '),
    },
  ]
}
