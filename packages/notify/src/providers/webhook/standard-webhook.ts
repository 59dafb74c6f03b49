import { fromTypeId, idTimeMs } from '@mainstay/kernel'
import { readEndpointUrl } from '../endpoint-url.ts'
import { jsonObject } from '../http-outcome.ts'
import { isSenderName } from '../sender-name.ts'
import { defineService, unsendable } from '../service.ts'
import { signWebhook } from './webhook-signature.ts'

const DAY_MS = 86_400_000

/**
 * Calls a customer's own endpoint as Standard Webhooks 1.0 has it. `webhook-id` is the message's id at every attempt, by
 * which the specification has receivers drop what they know; so an answer that was lost is asked for again.
 *
 * 2xx is success. 410 is the endpoint asking for no more. Every other answer is a failure to be tried again, and no fault
 * of the account, whose other endpoints are well; 413 alone would be the same every time.
 */
export const standardWebhook = defineService({
  kind: 'standard_webhook',
  title: 'Webhook (Standard Webhooks)',
  channel: 'webhook',
  documentation: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
  semantics: {
    // For as long as a message is tried at all.
    idempotencyWindowMs: 30 * DAY_MS,
    priceUnit: 'free',
    messagesPerSecond: 0,
  },
  fields: {
    secret: {
      label: 'Signing secret',
      help: 'whsec_ and 24 to 64 random bytes in base64. While you change it: the new one, a space, the old one.',
      secret: true,
      required: true,
      pattern: /^whsec_[A-Za-z0-9+/]{32,86}={0,2}( whsec_[A-Za-z0-9+/]{32,86}={0,2}){0,4}$/,
    },
  },
  senderHelp: 'A name for this source of calls: Acme',
  isSender: isSenderName,
  endpointIsAddress: true,
  request(message, config, { nowMs, allowPrivate }) {
    const url = readEndpointUrl(message.to, allowPrivate)
    if ('refused' in url) return unsendable(url.refused)
    const body = toBody(message, nowMs())
    if (body === undefined) return unsendable('The data is not a JSON object.')
    const timestamp = Math.floor(nowMs() / 1000)
    const signature = signWebhook(message.secret || config.secret, { id: message.messageId, timestamp, body })
    if (signature === undefined) return unsendable('The endpoint’s signing secret is not a whsec_ secret.')
    return {
      method: 'POST',
      url: url.href,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Mainstay',
        'webhook-id': message.messageId,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signature,
        ...(message.traceparent === undefined ? {} : { traceparent: message.traceparent }),
      },
      body,
    }
  },
  judge({ status }, reply) {
    if (status === 410) return { outcome: 'rejected_permanent', reply, addressFault: true }
    if (status === 413 || status < 400 || status >= 500 || WAITS.has(status)) return undefined
    return { outcome: 'rejected_transient', reply }
  },
})

/** Those that may say for how long, which the table reads. */
const WAITS = new Set([408, 425, 429])

/**
 * The data goes in as it was written, so that large numbers stay what they are. The time is the message's own, from its id:
 * the body is the same at every attempt.
 */
function toBody(
  { messageId, type, data }: { messageId: string; type: string; data: string },
  nowMs: number,
): string | undefined {
  if (jsonObject({ status: 200, headers: {}, body: data }) === undefined) return undefined
  const uuid = fromTypeId('msg', messageId)
  const timestamp = new Date(uuid?.[14] === '7' ? idTimeMs(uuid) : nowMs).toISOString()
  return `{"type":${JSON.stringify(type)},"timestamp":"${timestamp}","data":${data.trim()}}`
}
