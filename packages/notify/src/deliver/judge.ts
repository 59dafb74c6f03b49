import { AttemptOutcome, MessageState, UnknownPolicy } from '@mainstay/proto/notify/v1'
import type { ProviderResult } from '../providers/adapter.ts'
import type { Lane } from './lanes.ts'
import { retryDelayMs } from './retry.ts'
import type { RetryPolicies } from './settings.ts'

/** What a verdict depends on besides the provider's answer. */
export interface Attempted {
  lane: Lane
  /** From 1 on. */
  attempt: number
  expireMs: number
  unknownPolicy: UnknownPolicy
  /** An earlier attempt may have reached the recipient: no refusal of this one can make that undone. */
  inDoubt: boolean
}

/** What follows from an attempt. */
export interface Verdict {
  outcome: AttemptOutcome
  /** The state the message is left in; undefined: it goes back to the queue for `dueMs`. */
  state: MessageState | undefined
  dueMs: number
  /** What people read on the message; null while all is well. */
  detail: string | null
  possibleDuplicate: boolean
}

/**
 * Decides what becomes of a message after an attempt. Pure.
 *
 * Only when every attempt was definitely refused may a message end as failed or expired, and only a definite answer may
 * lead to a silent retry. When nobody knows whether the message went out, at_most_once leaves it unknown for review,
 * and at_least_once sends again and says so; where no further attempt is possible, unknown is the only honest end.
 */
export function judge(
  result: ProviderResult,
  attempted: Attempted,
  nowMs: number,
  policies: RetryPolicies,
  random: () => number = Math.random,
): Verdict {
  switch (result.outcome) {
    case 'accepted':
      return end(AttemptOutcome.ACCEPTED, MessageState.SENT, null)
    case 'rejected_permanent':
      return refuse(
        attempted,
        AttemptOutcome.REJECTED_PERMANENT,
        MessageState.FAILED,
        sentence('The provider refused it', result.reply),
      )
    case 'rejected_transient': {
      const outcome = AttemptOutcome.REJECTED_TRANSIENT
      const why = sentence(
        result.accountFault ? 'The provider account cannot be used' : 'The provider refused it for now',
        result.reply,
      )
      const next = nextAttempt(attempted, nowMs, result.retryAfterMs, policies, random)
      if (next.possible) return retry(outcome, next.dueMs, why, false)
      return next.late
        ? refuse(attempted, outcome, MessageState.EXPIRED, `It was not sent in time. ${why}`)
        : refuse(attempted, outcome, MessageState.FAILED, `Every attempt was refused. ${why}`)
    }
    case 'unknown': {
      const outcome = AttemptOutcome.UNKNOWN
      const why = sentence('It may or may not have been sent: the answer was lost', result.reply)
      if (attempted.unknownPolicy !== UnknownPolicy.AT_LEAST_ONCE)
        return end(outcome, MessageState.UNKNOWN, why)
      const next = nextAttempt(attempted, nowMs, undefined, policies, random)
      return next.possible ? retry(outcome, next.dueMs, why, true) : end(outcome, MessageState.UNKNOWN, why)
    }
  }
}

function nextAttempt(
  { lane, attempt, expireMs }: Attempted,
  nowMs: number,
  retryAfterMs: number | undefined,
  policies: RetryPolicies,
  random: () => number,
): { possible: boolean; late: boolean; dueMs: number } {
  const policy = policies[lane]
  const dueMs = nowMs + retryDelayMs(policy, attempt, retryAfterMs, random)
  const late = dueMs >= expireMs
  return { possible: attempt < policy.maxAttempts && !late, late, dueMs }
}

/** The end of a message that was not sent, unless an earlier attempt may have been. */
function refuse({ inDoubt }: Attempted, outcome: AttemptOutcome, state: MessageState, why: string): Verdict {
  return inDoubt ? end(outcome, MessageState.UNKNOWN, IN_DOUBT + why) : end(outcome, state, why)
}

/** Comes before the reason why a message is not tried again. */
export const IN_DOUBT = 'It may have been sent by an earlier attempt, whose answer was lost. '

function end(outcome: AttemptOutcome, state: MessageState, detail: string | null): Verdict {
  return { outcome, state, dueMs: 0, detail, possibleDuplicate: false }
}

function retry(outcome: AttemptOutcome, dueMs: number, detail: string, possibleDuplicate: boolean): Verdict {
  return { outcome, state: undefined, dueMs, detail, possibleDuplicate }
}

function sentence(what: string, reply: string): string {
  const told = storable(reply)
  return told === '' ? `${what}.` : `${what}: ${told}`
}

/** A provider's words as they can be stored: at most 1,000 characters, and no NUL, which PostgreSQL refuses in text. */
export function storable(reply: string): string {
  const text = reply.length > 1000 ? `${reply.slice(0, 999)}…` : reply
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text
}
