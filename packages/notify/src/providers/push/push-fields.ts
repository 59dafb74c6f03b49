import { createHash } from 'node:crypto'
import type { OutgoingPush } from '../outgoing.ts'

/** Where an app finds, among its own data, which message a push is and what a tap opens. */
export function appDataOf({ data, messageId, actionUrl }: OutgoingPush): Record<string, string> {
  return {
    ...data,
    mainstay_message: messageId,
    ...(actionUrl === '' ? {} : { mainstay_action_url: actionUrl }),
  }
}

/** How Apple's devices present it: with a sound when it is urgent, and by the app's own extension where it has an image. */
export function apsOf(push: OutgoingPush): object {
  return {
    ...(isUrgent(push) ? { sound: 'default' } : {}),
    ...(push.imageUrl === '' ? {} : { 'mutable-content': 1 }),
  }
}

/** How long a push service is to keep trying, in whole seconds, at most `maxSeconds`. 0: now or never. */
export function ttlSeconds({ ttlMs }: OutgoingPush, maxSeconds: number): number {
  return Math.min(Math.max(Math.floor(ttlMs / 1000), 0), maxSeconds)
}

/** What everybody gets at once may wait until the device wakes up. */
export function isUrgent(push: OutgoingPush): boolean {
  return push.class !== 'bulk'
}

/** A Web Push topic (RFC 8030 §5.4): up to 32 characters of base64url; a key that is none is hashed to one. */
export function topicOf({ collapseKey }: OutgoingPush): string {
  if (/^[\w-]{1,32}$/.test(collapseKey)) return collapseKey
  return createHash('sha256').update(collapseKey).digest('base64url').slice(0, 32)
}
