import type { ProviderResult } from '../adapter.ts'
import { jsonObject, textOf } from '../http-outcome.ts'
import type { HttpAnswer } from '../http-sender.ts'
import { isSmsSender } from '../phone-numbers.ts'
import { fieldsOf } from '../report-body.ts'
import { defineService } from '../service.ts'
import { birdReports } from './bird-reports.ts'

/**
 * SMS by the API of Bird, which was MessageBird: neither the older REST API (rest.messagebird.com) nor the Channels API before
 * it take an idempotency key, and this one remembers a call by its key for three hours. `metadata` comes back in reports.
 *
 * The key's prefix names the region, which is the host.
 */
export const birdSms = defineService({
  kind: 'bird_sms',
  title: 'Bird (SMS)',
  channel: 'sms',
  documentation: 'https://bird.com/docs/api',
  semantics: {
    idempotencyWindowMs: 3 * 3_600_000,
    priceUnit: 'segment',
    messagesPerSecond: 100,
  },
  fields: {
    apiKey: {
      label: 'API key',
      help: 'Developers → API keys in Bird. It begins with the region: bk_us1_ or bk_eu1_.',
      secret: true,
      required: true,
      pattern: /^bk_(us1|eu1)_[A-Za-z0-9_-]{8,}$/,
    },
    webhookSecret: {
      label: 'Webhook secret',
      help: 'Bird shows it once, when the webhook is made: whsec_… Without it, reports are refused.',
      secret: true,
      required: false,
      forReports: true,
      pattern: /^whsec_[A-Za-z0-9+/]{16,}={0,2}$/,
    },
  },
  senderHelp: '+14155550100, a short code, or a sender id of up to 11 letters, which the workspace holds',
  isSender: isSmsSender,
  reports: birdReports,
  request: ({ from, to, text, messageId, class: purpose }, { apiKey }) => ({
    method: 'POST',
    url: `${originOf(apiKey)}/v1/sms/messages`,
    headers: {
      ...authorize(apiKey),
      'content-type': 'application/json',
      'idempotency-key': messageId,
    },
    body: JSON.stringify({
      to,
      from,
      text,
      category: CATEGORIES[purpose],
      metadata: { mainstay_message: messageId },
    }),
  }),
  readId: (answer) => textOf(jsonObject(answer)?.id),
  judge,
  verify: ({ apiKey }) => ({
    method: 'GET',
    url: `${originOf(apiKey)}/v1/sms/messages?limit=1`,
    headers: authorize(apiKey),
  }),
})

/** Bird and operators go by these; texts of `authentication` are not kept at Bird. */
const CATEGORIES = { otp: 'authentication', transactional: 'transactional', bulk: 'marketing' } as const

function originOf(apiKey: string): string {
  const region = apiKey.startsWith('bk_eu1_') ? 'eu1' : 'us1'
  return `https://${region}.platform.bird.com`
}

/** Calls without a user agent are refused. */
function authorize(apiKey: string): Record<string, string> {
  return { authorization: `Bearer ${apiKey}`, 'user-agent': 'Mainstay', accept: 'application/json' }
}

/**
 * 422 is told apart by the error's name: a recipient that cannot be routed, and a sender that the workspace does not hold.
 * Every other refusal means what its status says; a key that was used for another message (409) shows that an earlier call
 * was carried out, which is unknown to us.
 */
function judge(answer: HttpAnswer, reply: string): ProviderResult | undefined {
  if (answer.status !== 422) return undefined
  const { name } = fieldsOf(jsonObject(answer)?.error)
  if (name === 'SMSInvalidRecipient') return { outcome: 'rejected_permanent', reply, addressFault: true }
  if (name === 'SMSSenderNotConfigured') return { outcome: 'rejected_transient', reply, accountFault: true }
  return undefined
}
