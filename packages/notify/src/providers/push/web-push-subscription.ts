import { ECDH } from 'node:crypto'
import { jsonObject } from '../http-outcome.ts'

export interface WebPushSubscription {
  endpoint: string
  keys: { p256dh: string; auth: string }
}

/**
 * The text of `JSON.stringify(subscription)` in a browser. Undefined when it is none: the keys are looked at as well, a point
 * of P-256 and 16 bytes (RFC 8291 §3).
 */
export function readSubscription(text: string): WebPushSubscription | undefined {
  const { endpoint, keys } = jsonObject({ status: 200, headers: {}, body: text }) ?? {}
  if (typeof endpoint !== 'string' || typeof keys !== 'object' || keys === null) return undefined
  const { p256dh, auth } = keys as Record<string, unknown>
  if (typeof p256dh !== 'string' || typeof auth !== 'string' || !isPoint(p256dh)) return undefined
  if (!/^[\w-]{22}$/.test(auth)) return undefined
  return { endpoint, keys: { p256dh, auth } }
}

function isPoint(text: string): boolean {
  if (!/^B[\w-]{86}$/.test(text)) return false
  try {
    ECDH.convertKey(text, 'prime256v1', 'base64url', 'base64url', 'uncompressed')
    return true
  } catch {
    // 65 bytes that are not on the curve.
    return false
  }
}
