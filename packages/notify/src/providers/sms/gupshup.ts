import type { ProviderResult } from '../adapter.ts'
import { accepted } from '../http-outcome.ts'
import type { HttpAnswer } from '../http-sender.ts'
import { isSmsSender, withoutPlus } from '../phone-numbers.ts'
import { reportTokenField } from '../report-token.ts'
import { defineService } from '../service.ts'
import { gupshupReports } from './gupshup-reports.ts'
import { smsSegments } from './segments.ts'

/**
 * Gupshup's enterprise SMS gateway. Every answer is a 200 with a line of text; it takes no idempotency key and no reference
 * of ours, so reports name its own id only, and it signs nothing: the report URL carries a secret.
 */
export const gupshupSms = defineService({
  kind: 'gupshup_sms',
  title: 'Gupshup (SMS)',
  channel: 'sms',
  documentation: 'https://docs.gupshup.io/docs/send-message-to-single-number',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'segment',
    messagesPerSecond: 0,
  },
  fields: {
    userId: {
      label: 'User ID',
      help: 'Of the enterprise SMS account; digits only.',
      secret: false,
      required: true,
      pattern: /^\d{6,15}$/,
    },
    password: {
      label: 'Password',
      help: 'The one that signs in at enterprise.smsgupshup.com.',
      secret: true,
      required: true,
      maxLength: 200,
    },
    principalEntityId: {
      label: 'Principal entity ID',
      help: 'For India: your entity’s ID on the DLT platform. Empty: the one that Gupshup keeps with the account.',
      secret: false,
      required: false,
      pattern: /^\d{10,25}$/,
    },
    reportToken: {
      ...reportTokenField,
      help: 'A secret of your own choice. The real-time delivery URL is the report URL and ?token=…&externalId=%0&deliveredTS=%1&status=%2&cause=%3&phoneNo=%4',
    },
  },
  senderHelp: 'ACMEIN: the sender id that Gupshup has configured, in India 6 letters',
  isSender: isSmsSender,
  reports: gupshupReports,
  request: ({ from, to, text }, { userId, password, principalEntityId }) => ({
    method: 'POST',
    url: 'https://enterprise.smsgupshup.com/GatewayAPI/rest',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      method: 'SendMessage',
      v: '1.1',
      format: 'text',
      auth_scheme: 'plain',
      userid: userId,
      password,
      send_to: withoutPlus(to),
      mask: withoutPlus(from),
      msg_type: smsSegments(text).encoding === 'gsm7' ? 'TEXT' : 'Unicode_Text',
      msg: text,
      ...(principalEntityId === '' ? {} : { principalEntityId }),
    }).toString(),
  }),
  judge,
})

/**
 * `success | 919876543210 | 3562707498794989059-328736121207676738` or `error | 105 | The phone number … is not valid`. What
 * is neither, in a 200, tells nothing. An error whose code is not listed was not sent either, and is worth another try.
 *
 * https://docs.gupshup.io/docs/error-codes
 */
function judge(answer: HttpAnswer, reply: string): ProviderResult | undefined {
  if (answer.status !== 200) return undefined
  const [verdict, second = '', third = ''] = answer.body.split('|').map((part) => part.trim())
  if (verdict === 'success') return accepted(third, reply)
  if (verdict !== 'error' || !/^\d{3,4}$/.test(second)) return { outcome: 'unknown', reply }
  if (second === UNKNOWN_ERROR) return { outcome: 'unknown', reply }
  if (second === INVALID_PHONE) return { outcome: 'rejected_permanent', reply, addressFault: true }
  if (ACCOUNT.has(second)) return { outcome: 'rejected_transient', reply, accountFault: true }
  if (MESSAGE.has(second)) return { outcome: 'rejected_permanent', reply }
  return { outcome: 'rejected_transient', reply }
}

const UNKNOWN_ERROR = '100'
const INVALID_PHONE = '105'
/** Sign-in failed; no such user; user disabled; the method is not enabled for the account; the sender is not valid. */
const ACCOUNT = new Set(['102', '103', '104', '106', '108'])
/** A parameter is missing; the version or the DND parameter is not valid; no messages to other countries. */
const MESSAGE = new Set(['101', '107', '109', '175'])
