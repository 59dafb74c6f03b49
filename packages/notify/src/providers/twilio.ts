import type { ProviderResult } from './adapter.ts'
import { jsonObject, textOf } from './http-outcome.ts'
import type { HttpAnswer, HttpRequest } from './http-sender.ts'
import { nameMessage } from './message-reference.ts'
import type { OutgoingOf } from './outgoing.ts'
import type { ConfigOf, ServiceFields } from './service.ts'

/**
 * What Twilio's Messages API (2010-04-01) is on every channel. It takes no idempotency key, warns that a request repeated
 * after a 500 may send twice (https://www.twilio.com/docs/api/errors/20500), carries no reference of ours and is only asked
 * by its own ids: so our id goes into the URL that it calls back, which its signature covers.
 */
export const twilioFields = {
  accountSid: {
    label: 'Account SID',
    help: 'On the home page of the Twilio Console.',
    secret: false,
    required: true,
    pattern: /^AC[0-9a-f]{32}$/,
  },
  authToken: {
    label: 'Auth token',
    help: 'Beside the account SID. Status callbacks are signed with it: without it, reports are refused.',
    secret: true,
    required: false,
    forReports: true,
    pattern: /^[0-9a-f]{32}$/,
  },
  apiKeySid: {
    label: 'API key SID',
    help: 'Account → API keys & tokens; used to send in the auth token’s place.',
    secret: false,
    required: false,
    pattern: /^SK[0-9a-f]{32}$/,
  },
  apiKeySecret: {
    label: 'API key secret',
    help: 'Shown once, when the key is made.',
    secret: true,
    required: false,
    pattern: /^[A-Za-z0-9]{32}$/,
  },
} as const satisfies ServiceFields

export type TwilioConfig = ConfigOf<typeof twilioFields>

/** Messages are queued for 10 hours unless told otherwise, which is the longest as well. */
const MAX_VALIDITY_SECONDS = 36_000

/** https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource */
export function twilioRequest(
  message: OutgoingOf<'sms' | 'whatsapp'>,
  parameters: Readonly<Record<string, string>>,
  config: TwilioConfig,
): HttpRequest {
  const { ttlMs, reportUrl, messageId } = message
  const validitySeconds = Math.max(1, Math.floor(ttlMs / 1000))
  return {
    method: 'POST',
    url: messagesUrl(config),
    headers: {
      authorization: authorize(config),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({
      ...parameters,
      ...(validitySeconds < MAX_VALIDITY_SECONDS ? { ValidityPeriod: String(validitySeconds) } : {}),
      ...(reportUrl === undefined ? {} : { StatusCallback: nameMessage(reportUrl, messageId) }),
    }).toString(),
  }
}

/** Standard API keys may not read the account itself, but they may list its messages. */
export function twilioVerify(config: TwilioConfig): HttpRequest {
  const url = `${messagesUrl(config)}?PageSize=1`
  return { method: 'GET', url, headers: { authorization: authorize(config) } }
}

export function isMessagingService(sender: string): boolean {
  return /^MG[0-9a-f]{32}$/.test(sender)
}

export const readTwilioId = (answer: HttpAnswer): string | undefined => textOf(jsonObject(answer)?.sid)

/**
 * Twilio answers most refusals with 400 and tells them apart by `code` (https://www.twilio.com/docs/api/errors); what is not
 * listed here means what its status says. A region that is not enabled (21408) is no fault of the account as a whole, and
 * someone who unsubscribed (21610) has an address that works.
 */
export function judgeTwilio(answer: HttpAnswer, reply: string): ProviderResult | undefined {
  if (answer.status < 400 || answer.status >= 500) return undefined
  const code = Number(jsonObject(answer)?.code)
  if (DEAD_ADDRESS.has(code)) return { outcome: 'rejected_permanent', reply, addressFault: true }
  if (UNUSABLE_ACCOUNT.has(code)) return { outcome: 'rejected_transient', reply, accountFault: true }
  if (NOT_NOW.has(code)) return { outcome: 'rejected_transient', reply }
  return undefined
}

/** Not a number; not a mobile number; a landline. */
const DEAD_ADDRESS = new Set([21211, 21614, 21635])
/**
 * Sign-in refused; account not active (four of them); sender not valid, not ours, or without SMS (five of them); a messaging
 * service that is not there or has no sender; a WhatsApp sender that is not there.
 */
const UNUSABLE_ACCOUNT = new Set([
  20003, 20005, 10001, 30002, 90010, 21212, 21601, 21603, 21660, 21661, 21701, 21703, 63007,
])
/** The sender's queue is full; the account's; the sender is not ours, or not for the recipient's country: Twilio says not which. */
const NOT_NOW = new Set([21611, 30001, 21606, 21659])

function messagesUrl({ accountSid }: TwilioConfig): string {
  return `https://api.twilio.com/2010-04-01/Accounts/${accountSid}/Messages.json`
}

function authorize({ accountSid, authToken, apiKeySid, apiKeySecret }: TwilioConfig): string {
  const hasKey = apiKeySid !== '' && apiKeySecret !== ''
  if (!hasKey && authToken === '') throw new Error('The account has neither an auth token nor an API key.')
  const pair = hasKey ? `${apiKeySid}:${apiKeySecret}` : `${accountSid}:${authToken}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}
