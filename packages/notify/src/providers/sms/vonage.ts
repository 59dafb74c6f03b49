import { createPrivateKey, randomUUID } from 'node:crypto'
import type { ProviderResult } from '../adapter.ts'
import { jsonObject, textOf } from '../http-outcome.ts'
import type { HttpAnswer } from '../http-sender.ts'
import { isSmsSender, withoutPlus } from '../phone-numbers.ts'
import { defineService } from '../service.ts'
import { readVonageCode } from './vonage-errors.ts'
import { vonageReports } from './vonage-reports.ts'

/**
 * SMS by Vonage's Messages API, rather than the older SMS API: it is the one that Vonage goes on building, its statuses are
 * true HTTP statuses where the SMS API hides every refusal in a 200, and its reports are signed over their whole body.
 *
 * It takes no idempotency key and is not asked by a reference; `client_ref` comes back in reports. 30 messages a second is
 * what an account starts with.
 */
export const vonageSms = defineService({
  kind: 'vonage_sms',
  title: 'Vonage (SMS)',
  channel: 'sms',
  documentation: 'https://developer.vonage.com/en/api/messages',
  semantics: {
    idempotencyWindowMs: 0,
    priceUnit: 'segment',
    messagesPerSecond: 30,
  },
  fields: {
    applicationId: {
      label: 'Application ID',
      help: 'Of an application with the capability Messages, in the Vonage dashboard.',
      secret: false,
      required: true,
      pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    },
    privateKey: {
      label: 'Private key',
      help: 'The whole file that Vonage makes for the application (private.key).',
      secret: true,
      required: true,
      pattern: /^\s*-----BEGIN (RSA )?PRIVATE KEY-----[A-Za-z0-9+/=\s]+-----END (RSA )?PRIVATE KEY-----\s*$/,
    },
    signatureSecret: {
      label: 'Signature secret',
      help: 'API settings → Signed webhooks. Without it, reports are refused.',
      secret: true,
      required: false,
      forReports: true,
    },
    region: {
      label: 'Region',
      help: 'Where Vonage handles the messages.',
      secret: false,
      required: false,
      choices: ['global', 'eu', 'us'],
    },
  },
  senderHelp: '+14155550100, a short code, or a sender id of up to 11 letters',
  isSender: isSmsSender,
  reports: vonageReports,
  async request({ from, to, text, messageId, ttlMs, reportUrl }, config, { nowMs }) {
    const ttl = Math.max(MIN_TTL_SECONDS, Math.floor(ttlMs / 1000))
    return {
      method: 'POST',
      url: `${originOf(config.region)}/v1/messages`,
      headers: {
        authorization: `Bearer ${await makeToken(config, nowMs())}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: JSON.stringify({
        channel: 'sms',
        message_type: 'text',
        to: withoutPlus(to),
        from: withoutPlus(from),
        text,
        client_ref: messageId,
        ...(ttl < DEFAULT_TTL_SECONDS ? { ttl } : {}),
        ...(reportUrl === undefined ? {} : { webhook_url: reportUrl, webhook_version: 'v1' }),
      }),
    }
  },
  readId: (answer) => textOf(jsonObject(answer)?.message_uuid),
  judge,
})

const MIN_TTL_SECONDS = 20
const DEFAULT_TTL_SECONDS = 259_200

/** A token for one request, good for 15 minutes, which is what Vonage's own libraries make. */
async function makeToken(
  { applicationId, privateKey }: { applicationId: string; privateKey: string },
  nowMs: number,
): Promise<string> {
  const nowSeconds = Math.floor(nowMs / 1000)
  const { SignJWT } = await import('jose')
  return new SignJWT({ application_id: applicationId })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + 900)
    .setJti(randomUUID())
    .sign(createPrivateKey(privateKey))
}

/**
 * Refusals are problem documents (RFC 9457) whose `type` or `title` ends in a code, told apart here where 422 says too
 * little: throttled (1000, 1241); a sender that is not ours (1420); an account that is barred, out of credit or not enabled
 * (1060, 1070, 1080); a recipient that is no number (1170, 1430). A sender id that one country forbids (1120) is no fault of
 * the account.
 *
 * https://developer.vonage.com/api-errors/messages
 */
function judge(answer: HttpAnswer, reply: string): ProviderResult | undefined {
  if (answer.status !== 422) return undefined
  switch (readVonageCode(jsonObject(answer) ?? {})) {
    case '1000':
    case '1241':
      return { outcome: 'rejected_transient', reply }
    case '1060':
    case '1070':
    case '1080':
    case '1420':
      return { outcome: 'rejected_transient', reply, accountFault: true }
    case '1170':
    case '1430':
      return { outcome: 'rejected_permanent', reply, addressFault: true }
    default:
      return undefined
  }
}

function originOf(region: string): string {
  if (region === 'eu') return 'https://api-eu.nexmo.com'
  return region === 'us' ? 'https://api-us.nexmo.com' : 'https://api.nexmo.com'
}
