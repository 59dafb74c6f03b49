import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ReportRequest } from './reports.ts'

/** How far a signed time may lie from ours, either way: what the specification recommends. */
const TOLERANCE_MS = 5 * 60_000

/**
 * Checks a webhook signed as Standard Webhooks says, and Svix before it: HMAC-SHA256 of `id.timestamp.body`, in base64, under
 * the key that the secret holds after `whsec_`. Several signatures may stand in the header while a secret is rotated.
 *
 * @param prefix of the three headers: `webhook` in the specification, `svix` where Svix sends.
 * @returns the id of the webhook, the same when it is sent again; or why it is not believed.
 *
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function verifyStandardWebhook(
  { headers, body, receivedMs }: ReportRequest,
  secret: string,
  prefix: 'webhook' | 'svix',
): { id: string } | { forged: string } {
  if (secret === '') return { forged: 'This account has no signing secret for webhooks.' }
  const id = headers[`${prefix}-id`] ?? ''
  const timestamp = headers[`${prefix}-timestamp`] ?? ''
  const signatures = headers[`${prefix}-signature`] ?? ''
  if (id === '' || !/^\d{1,12}$/.test(timestamp) || signatures === '') {
    return { forged: 'The signature headers are missing.' }
  }
  if (Math.abs(receivedMs - Number(timestamp) * 1000) > TOLERANCE_MS) {
    return { forged: 'The signature is older or newer than five minutes.' }
  }
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  const isSigned = signatures
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice(3), 'base64'))
    .some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected))
  return isSigned ? { id } : { forged: 'The signature is not of this account’s secret.' }
}
