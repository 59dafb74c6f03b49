import type { ProviderResult } from '../adapter.ts'
import { accepted, jsonObject, textOf } from '../http-outcome.ts'
import type { HttpAnswer } from '../http-sender.ts'
import { isSmsSender, withoutPlus } from '../phone-numbers.ts'
import { reportTokenField } from '../report-token.ts'
import { defineService } from '../service.ts'
import { msg91Reports } from './msg91-reports.ts'

/**
 * MSG91's flow API (v5). It sends nothing but templates of its own: the whole text goes into one variable of the account's
 * template. Errors hide in a 200; it takes no idempotency key, and repeats our id (`CRQID`) in reports that nothing signs.
 */
export const msg91Sms = defineService({
  kind: 'msg91_sms',
  title: 'MSG91 (SMS)',
  channel: 'sms',
  documentation: 'https://docs.msg91.com/reference/send-sms',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'segment',
    messagesPerSecond: 0,
  },
  fields: {
    authKey: {
      label: 'Auth key',
      help: 'Authkey in the menu of your user name at MSG91.',
      secret: true,
      required: true,
      pattern: /^[A-Za-z0-9]{16,60}$/,
    },
    templateId: {
      label: 'Template ID',
      help: 'SMS → Templates; an approved template whose text is one variable, such as ##content##.',
      secret: false,
      required: true,
      pattern: /^[A-Za-z0-9]{8,60}$/,
    },
    variable: {
      label: 'Variable',
      help: 'The name of the template’s variable that takes the text: content.',
      secret: false,
      required: true,
      pattern: /^(?!mobiles$)[A-Za-z][A-Za-z0-9_]{0,39}$/,
    },
    reportToken: {
      ...reportTokenField,
      help: 'A secret of your own choice. Webhook (New) calls the report URL and ?token=… with requestId, status, telNum, CRQID and failureReason.',
    },
  },
  senderHelp: 'ACMEIN: the sender id of the template, in India 6 letters',
  isSender: isSmsSender,
  reports: msg91Reports,
  request: ({ from, to, text, messageId }, { authKey, templateId, variable }) => ({
    method: 'POST',
    url: 'https://control.msg91.com/api/v5/flow',
    headers: { authkey: authKey, 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({
      template_id: templateId,
      sender: withoutPlus(from),
      short_url: '0',
      CRQID: messageId,
      recipients: [{ mobiles: withoutPlus(to), [variable]: text }],
    }),
  }),
  judge,
})

/**
 * `{"type":"success","message":"<request id>"}` or `{"type":"error","message":"…"}`, perhaps with a code, both in a 200. What
 * is neither tells nothing. An error that is not listed was not sent either, and is worth another try.
 */
function judge(answer: HttpAnswer, reply: string): ProviderResult | undefined {
  if (answer.status !== 200) return undefined
  const { type, message, code } = jsonObject(answer) ?? {}
  if (type === 'success') return accepted(textOf(message), reply)
  if (type !== 'error') return { outcome: 'unknown', reply }
  const known = textOf(code) ?? ''
  if (known === REPEATED) return { outcome: 'unknown', reply }
  if (known === INVALID_NUMBER) return { outcome: 'rejected_permanent', reply, addressFault: true }
  if (known === TOO_LONG) return { outcome: 'rejected_permanent', reply }
  if (ACCOUNT.has(known) || ACCOUNT_WORDS.test(textOf(message) ?? '')) {
    return { outcome: 'rejected_transient', reply, accountFault: true }
  }
  return { outcome: 'rejected_transient', reply }
}

const INVALID_NUMBER = '202'
const TOO_LONG = '310'
/** The same message twice within ten seconds: the earlier one may have gone out. */
const REPEATED = '311'
/** No auth key; no sender, or not valid; auth key not valid; IP not allowed; no balance; expired; banned. */
const ACCOUNT = new Set(['106', '103', '203', '201', '207', '208', '301', '302', '303'])
/** The flow API tells most of these in words. */
const ACCOUNT_WORDS = /\bauth|template|flow|sender|balance|\bip\b/i
