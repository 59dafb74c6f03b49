import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AttemptOutcome, MessageState, UnknownPolicy } from '@mainstay/proto/notify/v1'
import fc from 'fast-check'
import { mayFollow } from '../message-state.ts'
import type { ProviderResult } from '../providers/adapter.ts'
import { Doubt, NO_MEANS } from './doubt.ts'
import { judge, storable } from './judge.ts'
import type { Lane } from './lanes.ts'
import { retryDelayMs } from './retry.ts'

const policies = {
  1: { baseMs: 1000, capMs: 15_000, maxAttempts: 8 },
  2: { baseMs: 5000, capMs: 600_000, maxAttempts: 12 },
  3: { baseMs: 30_000, capMs: 3_600_000, maxAttempts: 10 },
}
const { AT_LEAST_ONCE, AT_MOST_ONCE } = UnknownPolicy

const results: fc.Arbitrary<ProviderResult> = fc.oneof(
  fc.record({ outcome: fc.constant('accepted' as const), reply: fc.string() }),
  fc.record({ outcome: fc.constant('rejected_permanent' as const), reply: fc.string() }),
  fc.record({ outcome: fc.constant('unknown' as const), reply: fc.string() }),
  fc.record(
    {
      outcome: fc.constant('rejected_transient' as const),
      reply: fc.string(),
      retryAfterMs: fc.integer({ min: -1, max: 10 ** 9 }),
      accountFault: fc.boolean(),
    },
    { requiredKeys: ['outcome', 'reply'] },
  ),
)
const attempted = fc.record({
  lane: fc.constantFrom<Lane>(1, 2, 3),
  attempt: fc.integer({ min: 1, max: 20 }),
  expireMs: fc.integer({ min: 0, max: 10 ** 8 }),
  unknownPolicy: fc.constantFrom(AT_MOST_ONCE, AT_LEAST_ONCE),
  inDoubt: fc.boolean(),
  doubt: fc.constantFrom<Doubt>(Doubt.NONE, Doubt.REPEAT, Doubt.LOOK_UP),
  doubtMs: fc.integer({ min: 0, max: 1_000_000 }),
  means: fc.record({
    idempotencyWindowMs: fc.constantFrom(0, 600_000, 86_400_000),
    lookup: fc.boolean(),
    reportWaitMs: fc.constantFrom(0, 30_000),
  }),
})
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('the verdict on an attempt', () => {
  it('holds to its rules for any answer', () => {
    fc.assert(
      fc.property(results, attempted, unit, (result, message, random) => {
        const nowMs = 1_000_000
        const verdict = judge(result, message, nowMs, policies, () => random)
        if (verdict.doubt === Doubt.REPORT) {
          assert.equal(
            verdict.dueMs,
            nowMs + message.means.reportWaitMs,
            'waiting for a report is no attempt',
          )
        } else if (verdict.state === undefined) {
          assert.ok(
            verdict.dueMs >= nowMs && verdict.dueMs < message.expireMs,
            'a retry lies before the expiry',
          )
          assert.ok(message.attempt < policies[message.lane].maxAttempts, 'attempts end')
          assert.ok(
            verdict.outcome !== AttemptOutcome.ACCEPTED &&
              verdict.outcome !== AttemptOutcome.REJECTED_PERMANENT,
          )
        } else {
          assert.ok(mayFollow(MessageState.ACCEPTED, verdict.state))
        }
        if (verdict.outcome === AttemptOutcome.UNKNOWN) {
          assert.ok(verdict.state === undefined || verdict.state === MessageState.UNKNOWN)
          const isBlind = verdict.state === undefined && verdict.doubt === Doubt.NONE
          assert.ok(!isBlind || message.unknownPolicy === AT_LEAST_ONCE, 'only the policy sends blindly')
          assert.equal(verdict.possibleDuplicate, isBlind, 'and what was sent blindly is flagged')
        }
        if (verdict.doubt === Doubt.REPEAT) {
          assert.ok(
            verdict.dueMs < message.doubtMs + message.means.idempotencyWindowMs,
            'the key still holds',
          )
          assert.equal(verdict.possibleDuplicate, false)
        }
        if (verdict.doubt === Doubt.LOOK_UP) assert.equal(message.means.lookup, true)
        if (message.inDoubt && verdict.state !== undefined) {
          assert.ok(
            [MessageState.SENT, MessageState.UNKNOWN].includes(verdict.state),
            'a doubt stays a doubt',
          )
        }
        assert.equal(verdict.detail === null, verdict.outcome === AttemptOutcome.ACCEPTED)
      }),
    )
  })

  it('treats a message without a policy as one that may be sent at most once', () => {
    const message = {
      lane: 2 as const,
      attempt: 1,
      expireMs: 10 ** 9,
      unknownPolicy: UnknownPolicy.UNSPECIFIED,
      inDoubt: false,
      doubt: Doubt.NONE,
      doubtMs: 0,
      means: NO_MEANS,
    }
    assert.equal(judge({ outcome: 'unknown', reply: '' }, message, 0, policies).state, MessageState.UNKNOWN)
  })
})

describe('the wait before a retry', () => {
  it('is random within a window that doubles up to its cap, and never shorter than the provider asked for', () => {
    const policy = policies[2]
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.option(fc.nat(10 ** 7)),
        unit,
        (attempt, after, random) => {
          const waitMs = retryDelayMs(policy, attempt, after ?? undefined, () => random)
          const windowMs = Math.min(policy.capMs, policy.baseMs * 2 ** (attempt - 1))
          assert.ok(waitMs >= (after ?? 0))
          assert.ok(waitMs <= Math.max(windowMs, Math.ceil((after ?? 0) * 1.1)))
        },
      ),
    )
  })
})

describe('the states of a message', () => {
  const ends = [
    MessageState.EXPIRED,
    MessageState.CANCELLED,
    MessageState.COMPLAINED,
    MessageState.SUPPRESSED,
  ]
  const all = Object.values(MessageState).filter((state) => typeof state === 'number')

  it('only move forward: from anywhere, no state is reached twice but by a decision about an unknown outcome', () => {
    const visit = (state: MessageState, path: readonly MessageState[]): void => {
      for (const next of all.filter((to) => mayFollow(state, to))) {
        if (state === MessageState.UNKNOWN && next === MessageState.ACCEPTED) continue
        assert.ok(!path.includes(next), `${[...path, next].map((at) => MessageState[at]).join(' → ')}`)
        visit(next, [...path, next])
      }
    }
    visit(MessageState.ACCEPTED, [MessageState.ACCEPTED])
  })

  it('have ends without a way out', () => {
    for (const end of ends) for (const to of all) assert.equal(mayFollow(end, to), false)
  })
})

describe('what a provider said', () => {
  it('is stored without what PostgreSQL refuses, and not at any length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (reply) => {
        const text = storable(reply)
        assert.ok(!text.includes('\0') && text.length <= 1000)
      }),
    )
  })
})
