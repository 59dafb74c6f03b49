import { MessageClass, MessageState } from '@mainstay/proto/notify/v1'
import type { Tone } from '../components/state-mark/state-mark.tsx'

/** How a state reads. */
export interface StateLook {
  /** Its name in addresses and API filters. */
  slug: string
  word: string
  tone: Tone
  /** Nothing has happened to it yet. */
  hollow?: boolean
  /** Something happens to it right now. */
  moving?: boolean
}

/** Every state, in the order of a message's life. */
export const messageStates: ReadonlyMap<MessageState, StateLook> = new Map([
  [MessageState.ACCEPTED, { slug: 'accepted', word: 'Accepted', tone: 'quiet', hollow: true }],
  [MessageState.SCHEDULED, { slug: 'scheduled', word: 'Scheduled', tone: 'info', hollow: true }],
  [MessageState.QUEUED, { slug: 'queued', word: 'Queued', tone: 'info' }],
  [MessageState.SENDING, { slug: 'sending', word: 'Sending', tone: 'info', moving: true }],
  [MessageState.SENT, { slug: 'sent', word: 'Sent', tone: 'ok' }],
  [MessageState.DELIVERED, { slug: 'delivered', word: 'Delivered', tone: 'ok' }],
  [MessageState.BOUNCED, { slug: 'bounced', word: 'Bounced', tone: 'bad' }],
  [MessageState.COMPLAINED, { slug: 'complained', word: 'Complained', tone: 'bad' }],
  [MessageState.SUPPRESSED, { slug: 'suppressed', word: 'Suppressed', tone: 'warn' }],
  [MessageState.SKIPPED, { slug: 'skipped', word: 'Skipped', tone: 'quiet' }],
  [MessageState.EXPIRED, { slug: 'expired', word: 'Expired', tone: 'warn' }],
  [MessageState.CANCELLED, { slug: 'cancelled', word: 'Cancelled', tone: 'quiet' }],
  [MessageState.FAILED, { slug: 'failed', word: 'Failed', tone: 'bad' }],
  [MessageState.UNKNOWN, { slug: 'unknown', word: 'Unknown', tone: 'warn' }],
])

const unnamed: StateLook = { slug: 'other', word: 'Other', tone: 'quiet' }

export function lookOf(state: MessageState): StateLook {
  return messageStates.get(state) ?? unnamed
}

/** Still on its way: its timeline can grow. */
export function isUnderWay(state: MessageState): boolean {
  return [MessageState.ACCEPTED, MessageState.SCHEDULED, MessageState.QUEUED, MessageState.SENDING].includes(
    state,
  )
}

/** The states an operator looks into: it did not arrive, or nobody knows. */
export const problemStates: readonly MessageState[] = [
  MessageState.FAILED,
  MessageState.BOUNCED,
  MessageState.UNKNOWN,
  MessageState.EXPIRED,
  MessageState.COMPLAINED,
]

/** Every class, with its name in addresses. */
export const messageClasses: ReadonlyMap<MessageClass, { slug: string; word: string }> = new Map([
  [MessageClass.OTP, { slug: 'otp', word: 'One-time code' }],
  [MessageClass.TRANSACTIONAL, { slug: 'transactional', word: 'Transactional' }],
  [MessageClass.BULK, { slug: 'bulk', word: 'Bulk' }],
])

export function classWord(messageClass: MessageClass): string {
  return messageClasses.get(messageClass)?.word ?? 'Transactional'
}
