import type { FallbackStep } from '../definition/definition.ts'
import { judge } from './fallback.ts'
import { EntryKind, type Progress } from './run.ts'
import { CHANNEL_WORDS, sayOnce } from './say.ts'
import type { Onward, Walk } from './surroundings.ts'

/** Without word of a message it is looked at again after this long, then after as long as it has waited, until its deadline. */
const FIRST_LOOK_MS = 60_000

/**
 * Goes from channel to channel until one has reached the recipient, or none is left.
 *
 * What is decided about messages is decided with their rows locked until it is committed: a receipt at the moment of the deadline
 * comes before that and counts, or after it and changes nothing.
 */
export async function walkFallback(
  walk: Walk,
  step: FallbackStep,
  next: string | undefined,
): Promise<Onward> {
  const first = await whereToBegin(walk, step)
  if (typeof first !== 'number') return first === 'wait' ? waitOn(walk, step) : { kind: 'go', to: next }
  for (let current = first; current < step.tries.length; current++) {
    const letter = step.tries[current]
    if (letter === undefined) break
    // Should it have to wait for the sending, it goes on from here, and not from the deadline before.
    const { failures } = walk.progress ?? {}
    walk.progress = { next: current, ...(failures !== undefined && { failures }) }
    const ids = await sayOnce(walk, step.id, `${step.id}/${current}`, letter)
    const before = walk.made[step.id] ?? []
    walk.made = { ...walk.made, [step.id]: [...before.slice(0, current), ids] }
    if (ids.length === 0) continue
    if (letter.withinMs === undefined) return { kind: 'go', to: next }
    const { nowMs } = walk.around
    walk.progress = { try: current, beganMs: nowMs, deadlineMs: nowMs + letter.withinMs }
    return waitOn(walk, step)
  }
  tell(walk, step, 'exhausted', 'Not reached: no channel is left')
  return { kind: 'go', to: next }
}

/** The channel to try next, from 0 on; or that it goes on waiting, or is done. */
async function whereToBegin(walk: Walk, step: FallbackStep): Promise<number | 'wait' | 'done'> {
  const { try: tried, next } = walk.progress ?? {}
  if (next === 0 || (next === undefined && tried === undefined)) return 0
  const current = tried ?? (next ?? 0) - 1
  const verdict = await look(walk, step, current)
  if (verdict.kind === 'reached') {
    tell(walk, step, 'reached', `Reached by ${wordsFor(step, verdict.by)}: ${verdict.why}`)
    return 'done'
  }
  if (next !== undefined) return next
  if (verdict.kind === 'wait') return 'wait'
  const { why } = verdict
  if (current === step.tries.length - 1) {
    const words = `Not reached: ${why} by ${wordsFor(step, current)}, and no channel is left`
    tell(walk, step, 'exhausted', words)
    return 'done'
  }
  tell(
    walk,
    step,
    `on/${current}`,
    `On to ${wordsFor(step, current + 1)}: ${why} by ${wordsFor(step, current)}`,
  )
  return current + 1
}

/** What became of its messages, and what follows. Those that were overtaken and still wait are not sent any more. */
async function look(walk: Walk, step: FallbackStep, current: number) {
  const made = walk.made[step.id] ?? []
  const fates = await walk.around.lockFates(made.flat())
  const byId = new Map(fates.map((fate) => [fate.messageId, fate]))
  const byTry = made.map((ids) => ids.flatMap((id) => byId.get(id) ?? []))
  const { deadlineMs = 0 } = walk.progress ?? {}
  const verdict = judge(step.tries, byTry, { current, deadlineMs, nowMs: walk.around.nowMs })
  if (verdict.kind === 'wait') return verdict
  const waiting = fates.filter(({ state }) => state === 1).map(({ messageId }) => messageId)
  const withdrawn = waiting.length === 0 ? [] : await walk.around.withdraw(waiting)
  for (const id of withdrawn) {
    const index = made.findIndex((ids) => ids.includes(id))
    tell(walk, step, `withdrawn/${id}`, `Not sent any more by ${wordsFor(step, index)}: it still waited`)
  }
  return verdict
}

function waitOn({ progress, around, made }: Walk, step: FallbackStep): Onward {
  const { nowMs } = around
  const { deadlineMs = nowMs, beganMs = nowMs, try: tried = 0 } = progress ?? {}
  const lookMs = nowMs + Math.max(FIRST_LOOK_MS, nowMs - beganMs)
  const kept: Progress = { try: tried, beganMs, deadlineMs }
  return {
    kind: 'wait',
    untilMs: Math.min(deadlineMs, lookMs),
    progress: kept,
    waits: (made[step.id] ?? []).flat(),
  }
}

function tell({ entries }: Walk, { id }: FallbackStep, what: string, title: string): void {
  entries.push({ entry: `${id}:${what}`, kind: EntryKind.FALLBACK, step: id, title })
}

function wordsFor({ tries }: FallbackStep, index: number): string {
  return CHANNEL_WORDS[tries[index]?.channel ?? ''] ?? 'a channel'
}
