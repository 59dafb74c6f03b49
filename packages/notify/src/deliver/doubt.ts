import type { ProviderCandidate } from '../provider-accounts/directory.ts'

/** What is done next about an answer that was lost: `delivery_queue.doubt`. */
export const Doubt = {
  /** Nothing was lost, or there is nothing that could be done but what the message's policy says. */
  NONE: 0,
  /** The same provider is asked again with the same key: it answers the second call as it did the first. */
  REPEAT: 1,
  /** The provider is asked what became of the message. */
  LOOK_UP: 2,
  /** The provider's own report is waited for. */
  REPORT: 3,
} as const

export type Doubt = (typeof Doubt)[keyof typeof Doubt]

/** What an account offers against doubt. */
export interface Means {
  /** See ProviderSemantics. */
  idempotencyWindowMs: number
  lookup: boolean
  /** How long its report is waited for; 0: it reports nothing. */
  reportWaitMs: number
}

export const NO_MEANS: Means = Object.freeze({ idempotencyWindowMs: 0, lookup: false, reportWaitMs: 0 })

/** Kept free of an idempotency window's end: for clocks that differ, and for the call itself. */
const MARGIN_MS = 60_000

/** A provider that cannot say after this time what became of a message will not know later either. */
const LOOK_UP_FOR_MS = 15 * 60_000

export function meansOf(
  account: Pick<ProviderCandidate, 'semantics' | 'reportsSettle'> | undefined,
  reportWaitMs: number,
): Means {
  if (account === undefined) return NO_MEANS
  const { idempotencyWindowMs, lookup } = account.semantics
  return { idempotencyWindowMs, lookup, reportWaitMs: account.reportsSettle ? reportWaitMs : 0 }
}

/**
 * The next step, strongest first: only an idempotency key makes a repetition harmless, only the provider's word settles a
 * doubt without one, and each is tried before anybody has to decide blindly. `NONE`: the message's policy decides.
 *
 * @param now what is being done already
 * @param sinceMs when the attempt began whose answer was lost first
 * @param atMs when the step would be taken
 */
export function nextStep(means: Means, now: Doubt, sinceMs: number, atMs: number): Doubt {
  if (now === Doubt.REPORT) return Doubt.NONE
  if (atMs < sinceMs + means.idempotencyWindowMs - MARGIN_MS) return Doubt.REPEAT
  if (means.lookup && atMs < sinceMs + LOOK_UP_FOR_MS) return Doubt.LOOK_UP
  return means.reportWaitMs > 0 ? Doubt.REPORT : Doubt.NONE
}
