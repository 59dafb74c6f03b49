import { textOf } from '../http-outcome.ts'
import { asMessageId } from '../message-reference.ts'
import { withPlus } from '../phone-numbers.ts'
import { firstText, parseReportBody } from '../report-body.ts'
import { refuseWithoutToken } from '../report-token.ts'
import {
  type ProviderEvent,
  type ProviderEventKind,
  ReportMalformed,
  type ReportReader,
  type ReportRequest,
} from '../reports.ts'

/**
 * MSG91's delivery reports: one JSON object a number, of a webhook (new) with the fields that MSG91 suggests, or of the older
 * webhook in its version 3. Nothing is signed; the URL's token is what is checked. Their times have no zone, so the time of
 * the call is taken.
 *
 * https://msg91.com/help/webhook-new/how-to-receive-sms-delivery-reports-via-webhook-new
 * https://msg91.com/help/webhooks/how-can-i-get-the-delivery-reports-on-my-webhook-url
 */
export const msg91Reports: ReportReader<{ reportToken: string }> = {
  read(request, { reportToken }) {
    return refuseWithoutToken(request, reportToken) ?? { events: toEvents(request) }
  },
}

/** By number or word: delivered, failed, on the do-not-call list, rejected (two), blocked by the account. */
const KINDS: ReadonlyMap<string, ProviderEventKind> = new Map([
  ['1', 'delivered'],
  ['delivered', 'delivered'],
  ['2', 'failed'],
  ['failed', 'failed'],
  ['9', 'failed'],
  ['ndnc', 'failed'],
  ['16', 'failed'],
  ['25', 'failed'],
  ['rejected', 'failed'],
  ['17', 'failed'],
  ['blocked', 'failed'],
  ['blocked number', 'failed'],
])

function toEvents({ body, receivedMs }: ReportRequest): ProviderEvent[] {
  const fields = parseReportBody(body)
  const id = firstText(fields.requestId)
  const status = textOf(fields.status)
  if (id === undefined || status === undefined || status === '') {
    throw new ReportMalformed('The report has no request or state.')
  }
  const kind = KINDS.get(status.toLowerCase())
  if (kind === undefined) return []
  const messageId = asMessageId(fields.CRQID)
  const address = textOf(fields.telNum ?? fields.number)
  return [
    {
      eventId: `${id}:${status}`,
      kind,
      timeMs: receivedMs,
      ...(messageId === undefined ? {} : { messageId }),
      providerMessageId: id,
      ...(address === undefined ? {} : { address: withPlus(address) }),
      detail: [status, firstText(fields.desc), firstText(fields.failureReason)]
        .filter((part) => part !== undefined)
        .join(' '),
    },
  ]
}
