import type { Step } from '../definition/definition.ts'
import { tellDuration } from '../definition/durations.ts'
import type { Plan } from '../definition/plan.ts'
import { evaluate, holds, type Scope } from '../expression/evaluate.ts'
import { type Expression, pathsOf } from '../expression/expression.ts'
import { LAST_ENTRY, RunState } from '../run-store.ts'
import { readTime, tellTime } from './delay.ts'
import { isForNow, wordsOf } from './deliver.ts'
import { closingTime, keyText } from './digest.ts'
import type { Fate } from './fate-store.ts'
import { EntryKind, type Move, type PickedRun } from './run.ts'
import { sayOnce } from './say.ts'
import type { Onward, Surroundings, Walk } from './surroundings.ts'
import { walkFallback } from './walk-fallback.ts'

/** As long as a run that cannot go on for now waits at the most. */
const LONGEST_PAUSE_MS = 300_000

/**
 * Walks a run from where it is to where it has to wait or ends. What it sends is sent at once, with keys that make a repetition
 * harmless; all else is in the move, which the caller commits.
 */
export async function walkRun(run: PickedRun, plan: Plan, around: Surroundings): Promise<Move> {
  const walk: Walk = { run, plan, around, made: run.made, progress: run.progress, entries: [] }
  // A plan has no circles: a run comes to each of its steps once.
  for (let at: string | undefined = run.step; ; ) {
    if (at === undefined) return ended(walk)
    const planned = plan.steps.get(at)
    if (planned === undefined)
      throw new TypeError(`A run is at the step ${at}, which its version does not have`)
    let onward: Onward
    try {
      onward = await take(walk, planned.step, planned.next, planned)
    } catch (error) {
      if (!isForNow(error)) throw error
      return pause(walk, at, wordsOf(error))
    }
    if (onward.kind === 'wait') return waiting(walk, at, onward)
    if (onward.kind === 'end') return moveOf(walk, { step: null, nextRunMs: null, ...onward.move })
    walk.progress = null
    at = onward.to
  }
}

function take(
  walk: Walk,
  step: Step,
  next: string | undefined,
  branches: { whenMet?: string | undefined; whenNot?: string | undefined },
): Onward | Promise<Onward> {
  switch (step.kind) {
    case 'channel':
      return say(walk, step, next)
    case 'webhook':
      return say(walk, step, next)
    case 'delay':
      return hold(walk, step, next)
    case 'digest':
      return gather(walk, step, next)
    case 'condition':
      return decide(walk, step, branches)
    case 'fallback':
      return walkFallback(walk, step, next)
  }
}

/** One message of a channel or a webhook. A refusal is told and passed over: the steps that follow may reach the recipient. */
async function say(
  walk: Walk,
  step: Extract<Step, { kind: 'channel' | 'webhook' }>,
  next: string | undefined,
): Promise<Onward> {
  const ids = await sayOnce(walk, step.id, step.id, step)
  walk.made = { ...walk.made, [step.id]: [ids] }
  return { kind: 'go', to: next }
}

async function hold(
  walk: Walk,
  { id, delay }: Extract<Step, { kind: 'delay' }>,
  next: string | undefined,
): Promise<Onward> {
  const { nowMs } = walk.around
  let untilMs = walk.progress?.untilMs
  if (untilMs === undefined) {
    if ('forMs' in delay) untilMs = nowMs + delay.forMs
    else {
      const timeMs = readTime(evaluate(delay.until, await scopeFor(walk, delay.until)))
      if (timeMs === undefined) {
        return fail(walk, id, `${delay.source} is no time such as 2026-03-01T09:00:00Z`)
      }
      untilMs = timeMs - delay.beforeMs
    }
    const title =
      untilMs <= nowMs
        ? `The time to wait for has passed: ${tellTime(untilMs)}`
        : `Waits ${'forMs' in delay ? tellDuration(delay.forMs) : ''} until ${tellTime(untilMs)}`.replace(
            '  ',
            ' ',
          )
    walk.entries.push({ entry: id, kind: EntryKind.WAITING, step: id, title })
  }
  return untilMs <= nowMs
    ? { kind: 'go', to: next }
    : { kind: 'wait', untilMs, progress: { untilMs }, waits: [] }
}

async function gather(
  walk: Walk,
  step: Extract<Step, { kind: 'digest' }>,
  next: string | undefined,
): Promise<Onward> {
  const { around, run } = walk
  const digestKey = keyText(evaluate(step.key, await scopeFor(walk, step.key)))
  if (digestKey === undefined) return fail(walk, step.id, `${step.source} is too long, or no plain value`)
  if (next === undefined) throw new TypeError('A digest is followed by a step')
  const closeMs = closingTime(step, around.timezone, around.nowMs)
  walk.entries.push({
    entry: step.id,
    kind: EntryKind.DIGESTED,
    step: step.id,
    title: `Put into the digest of ${step.source}`,
    detail: `Key: ${digestKey}`,
  })
  const addition = { step: step.id, digestKey, recipient: recipientKey(run), nextStep: next, closeMs }
  return { kind: 'end', move: { state: RunState.DIGESTED, detail: null, addition } }
}

/** Whom a digest is for: a recipient, or an address with its kind. */
function recipientKey({ recipientId, target }: PickedRun): string {
  return recipientId === null ? JSON.stringify(target) : recipientId
}

async function decide(
  walk: Walk,
  { id, condition, source }: Extract<Step, { kind: 'condition' }>,
  { whenMet, whenNot }: { whenMet?: string | undefined; whenNot?: string | undefined },
): Promise<Onward> {
  const isMet = holds(condition, await scopeFor(walk, condition))
  const title = isMet ? 'The condition holds' : 'The condition does not hold'
  walk.entries.push({ entry: id, kind: EntryKind.BRANCH, step: id, title, detail: source })
  return { kind: 'go', to: isMet ? whenMet : whenNot }
}

/** The scope of an expression; what became of messages is looked up only where it asks for that. */
async function scopeFor({ around, made, plan }: Walk, expression: Expression): Promise<Scope> {
  if (!pathsOf(expression).some(([root]) => root === 'steps')) return around.scope
  const fates = await around.fates(Object.values(made).flat(2))
  const byId = new Map(fates.map((fate) => [fate.messageId, fate]))
  const steps = Object.fromEntries(
    Object.entries(made).map(([id, tries]) => [id, tellOutcome(tries, byId, plan.steps.get(id)?.step)]),
  )
  return { ...around.scope, steps }
}

/** What expressions see of a step that sends: its last message's state, and whether any of them was seen or delivered. */
function tellOutcome(
  tries: readonly (readonly string[])[],
  byId: ReadonlyMap<string, Fate>,
  step: Step | undefined,
): Record<string, unknown> {
  const fates = tries.map((ids) => ids.flatMap((messageId) => byId.get(messageId) ?? []))
  const all = fates.flat()
  const isSeen = (fate: Fate): boolean => fate.seenTime !== null
  const isDelivered = (fate: Fate): boolean => isSeen(fate) || fate.state === 6 || fate.state === 8
  const isSent = (fate: Fate): boolean => isDelivered(fate) || fate.state === 5
  const best = [isSeen, isDelivered, isSent].map((test) => fates.findIndex((one) => one.some(test)))
  const by = best.find((index) => index >= 0)
  const channelOf = (index: number): string | undefined => {
    if (step?.kind === 'fallback') return step.tries[index]?.channel
    return step?.kind === 'channel' ? step.channel : 'webhook'
  }
  return {
    state: STATE_WORDS[all.at(-1)?.state ?? 0] ?? 'refused',
    sent: all.some(isSent),
    delivered: all.some(isDelivered),
    seen: all.some(isSeen),
    by: by === undefined ? null : (channelOf(by) ?? null),
  }
}

/** By MessageState. */
const STATE_WORDS: Readonly<Record<number, string>> = {
  1: 'accepted',
  5: 'sent',
  6: 'delivered',
  7: 'bounced',
  8: 'complained',
  9: 'suppressed',
  10: 'skipped',
  11: 'expired',
  12: 'cancelled',
  13: 'failed',
  14: 'unknown',
}

function fail(walk: Walk, step: string, detail: string): Onward {
  walk.entries.push({ entry: step, kind: EntryKind.REFUSED, step, title: 'Could not be done', detail })
  walk.entries.push({ entry: LAST_ENTRY, kind: EntryKind.ENDED, step: '', title: 'Failed', detail })
  return { kind: 'end', move: { state: RunState.FAILED, detail: `${step}: ${detail}` } }
}

/** A run that made no message though it should have has failed. */
function ended(walk: Walk): Move {
  const tries = Object.values(walk.made)
  const failed = tries.length > 0 && tries.flat(2).length === 0
  const last = walk.entries.findLast(({ kind }) => kind === EntryKind.REFUSED)
  const detail = failed ? `None of its messages could be made. ${last?.detail ?? ''}`.trim() : null
  walk.entries.push({
    entry: LAST_ENTRY,
    kind: EntryKind.ENDED,
    step: '',
    title: failed ? 'Failed' : 'Completed',
    ...(detail !== null && { detail }),
  })
  const state = failed ? RunState.FAILED : RunState.COMPLETED
  return moveOf(walk, { state, step: null, nextRunMs: null, detail })
}

function waiting(
  walk: Walk,
  step: string,
  { untilMs, progress, waits }: Extract<Onward, { kind: 'wait' }>,
): Move {
  walk.progress = progress
  return moveOf(walk, { state: RunState.RUNNING, step, nextRunMs: untilMs, detail: null, waits })
}

function pause(walk: Walk, step: string, words: string): Move {
  const failures = (walk.progress?.failures ?? 0) + 1
  const pauseMs = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** Math.min(failures, 20))
  walk.progress = { ...walk.progress, failures }
  return moveOf(walk, {
    state: RunState.RUNNING,
    step,
    nextRunMs: walk.around.nowMs + pauseMs,
    detail: `Has to wait: ${words}`,
    // What a fallback waited for before stays.
    waits: (walk.made[step] ?? []).flat(),
  })
}

function moveOf(
  { run, made, progress, entries }: Walk,
  where: Pick<Move, 'state' | 'step' | 'nextRunMs' | 'detail'> & Partial<Pick<Move, 'addition' | 'waits'>>,
): Move {
  return { run, made, entries, progress: where.step === null ? null : progress, waits: [], ...where }
}
