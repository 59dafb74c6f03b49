import { AttemptOutcome, MessageState, UnknownPolicy } from '@mainstay/proto/notify/v1'
import type { ProviderResult } from '../providers/adapter.ts'
import { Doubt, type Means, nextStep } from './doubt.ts'
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
  /** What this attempt was made for. */
  doubt: Doubt
  /** When the attempt began whose answer was lost first; this one's begin when there was none. */
  doubtMs: number
  /** Of its account. */
  means: Means
  /** Should this account refuse it for good, another may take it. */
  othersLeft?: boolean
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
  /** Of a message that goes back to the queue: what comes next. */
  doubt: Doubt
}

/**
 * Decides what becomes of a message after an attempt. Pure.
 *
 * Only when every attempt was definitely refused may a message end as failed or expired, and only a definite answer may
 * lead to a silent retry. When nobody knows whether the message went out, the provider is asked again with the same key,
 * asked what became of it, or waited for, as far as it offers that. Only then at_most_once leaves it unknown for review,
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
    case 'rejected_permanent': {
      const outcome = AttemptOutcome.REJECTED_PERMANENT
      const why = sentence('The provider refused it', result.reply)
      const { othersLeft = false, inDoubt, attempt, lane, expireMs } = attempted
      // What one provider does not carry another may; an address that is wrong is wrong for all. While an earlier answer is
      // lost no other provider is asked.
      const isForOthers = othersLeft && !inDoubt && result.addressFault !== true
      if (isForOthers && attempt < policies[lane].maxAttempts && nowMs < expireMs)
        return retry(outcome, nowMs, `${why} Another takes it.`)
      return refuse(attempted, outcome, MessageState.FAILED, why)
    }
    case 'rejected_transient': {
      const outcome = AttemptOutcome.REJECTED_TRANSIENT
      const why = sentence(
        result.accountFault ? 'The provider account cannot be used' : 'The provider refused it for now',
        result.reply,
      )
      const next = nextAttempt(attempted, nowMs, result.retryAfterMs, policies, random)
      // "Not now" to a repeated call says nothing of the first one.
      if (attempted.doubt === Doubt.REPEAT) return doubt(outcome, attempted, next, why, nowMs)
      if (next.possible) return retry(outcome, next.dueMs, why)
      return next.late
        ? refuse(attempted, outcome, MessageState.EXPIRED, `It was not sent in time. ${why}`)
        : refuse(attempted, outcome, MessageState.FAILED, `Every attempt was refused. ${why}`)
    }
    case 'unknown': {
      const why = sentence('It may or may not have been sent: the answer was lost', result.reply)
      const next = nextAttempt(attempted, nowMs, undefined, policies, random)
      return doubt(AttemptOutcome.UNKNOWN, attempted, next, why, nowMs)
    }
  }
}

/** What follows when nobody knows whether the message went out. */
function doubt(
  outcome: AttemptOutcome,
  { means, doubt: now, doubtMs, unknownPolicy }: Attempted,
  next: NextAttempt,
  why: string,
  nowMs: number,
): Verdict {
  const step = nextStep(means, now, doubtMs, next.possible ? next.dueMs : Number.POSITIVE_INFINITY)
  if (step === Doubt.REPORT) {
    return { ...retry(outcome, nowMs + means.reportWaitMs, `${why} Its report is waited for.`), doubt: step }
  }
  if (step !== Doubt.NONE) return { ...retry(outcome, next.dueMs, why), doubt: step }
  if (unknownPolicy !== UnknownPolicy.AT_LEAST_ONCE || !next.possible) {
    return end(outcome, MessageState.UNKNOWN, why)
  }
  return { ...retry(outcome, next.dueMs, why), possibleDuplicate: true }
}

interface NextAttempt {
  possible: boolean
  /** It would come after the expiry. */
  late: boolean
  dueMs: number
}

function nextAttempt(
  { lane, attempt, expireMs }: Attempted,
  nowMs: number,
  retryAfterMs: number | undefined,
  policies: RetryPolicies,
  random: () => number,
): NextAttempt {
  const policy = policies[lane]
  const dueMs = nowMs + retryDelayMs(policy, attempt, retryAfterMs, random)
  const late = dueMs >= expireMs
  return { possible: attempt < policy.maxAttempts && !late, late, dueMs }
}

/**
 * The end of a message that was not sent, unless an earlier attempt may have been. A call that repeats an earlier one with its
 * key is that call: what is refused now was not taken then.
 */
function refuse({ inDoubt }: Attempted, outcome: AttemptOutcome, state: MessageState, why: string): Verdict {
  return inDoubt ? end(outcome, MessageState.UNKNOWN, IN_DOUBT + why) : end(outcome, state, why)
}

/** Comes before the reason why a message is not tried again. */
export const IN_DOUBT = 'It may have been sent by an earlier attempt, whose answer was lost. '

function end(outcome: AttemptOutcome, state: MessageState, detail: string | null): Verdict {
  return { outcome, state, dueMs: 0, detail, possibleDuplicate: false, doubt: Doubt.NONE }
}

function retry(outcome: AttemptOutcome, dueMs: number, detail: string): Verdict {
  return { outcome, state: undefined, dueMs, detail, possibleDuplicate: false, doubt: Doubt.NONE }
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

/** A provider's id of a message as it is stored and looked up by: an index holds no more than 2,700 bytes. */
export function storableId(id: string): string {
  return storable(id).slice(0, 500)
}
