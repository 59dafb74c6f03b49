import { createHmac } from 'node:crypto'

/**
 * The `webhook-signature` of a call: one `v1` signature for each secret, the newest first, so that an endpoint that knows
 * either of two believes it while they are changed. Undefined when a secret is not one.
 *
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
 */
export function signWebhook(
  secrets: string,
  call: { id: string; timestamp: number; body: string },
): string | undefined {
  const keys = secrets.split(' ').map(readSecret)
  if (!keys.every((key) => key !== undefined)) return undefined
  const signed = `${call.id}.${call.timestamp}.${call.body}`
  return keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`).join(' ')
}

/** `whsec_` and 24 to 64 bytes in base64. */
function readSecret(text: string): Buffer | undefined {
  if (!/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/.test(text)) return undefined
  const key = Buffer.from(text.slice('whsec_'.length), 'base64')
  return key.length >= 24 && key.length <= 64 ? key : undefined
}
