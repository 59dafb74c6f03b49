import { type Expression, pathsOf } from '../expression/expression.ts'
import type { Definition, Path, Problem, Step } from './definition.ts'

/** Most steps of a workflow in all, those in branches and fallbacks' channels included. */
export const MAX_STEPS = 100

/** A step and where a run goes on after it; undefined: it ends. */
export interface Planned {
  step: Step
  next: string | undefined
  /** Of conditions: the first step of each branch. */
  whenMet?: string | undefined
  whenNot?: string | undefined
}

/** A definition as a run walks it. */
export interface Plan {
  definition: Definition
  first: string | undefined
  steps: ReadonlyMap<string, Planned>
}

export function makePlan(definition: Definition): Plan {
  const steps = new Map<string, Planned>()
  return { definition, first: lay(definition.steps, undefined, steps), steps }
}

/** Lays out steps one after the other. Returns where the first one is. */
function lay(
  steps: readonly Step[],
  after: string | undefined,
  planned: Map<string, Planned>,
): string | undefined {
  for (const [index, step] of steps.entries()) {
    const follows = steps[index + 1]?.id ?? after
    const next = step.next === undefined ? follows : step.next === 'end' ? undefined : step.next
    const branches =
      step.kind === 'condition'
        ? { whenMet: lay(step.whenMet, next, planned), whenNot: lay(step.whenNot, next, planned) }
        : {}
    planned.set(step.id, { step, next, ...branches })
  }
  return steps[0]?.id ?? after
}

/** What is wrong with how steps follow and name each other. */
export function checkFlow(steps: readonly Step[]): Problem[] {
  const all = flatten(steps)
  const count = countSteps(steps)
  if (count > MAX_STEPS) {
    return [{ path: ['steps'], description: `has ${count} steps in all, and may have ${MAX_STEPS}` }]
  }
  const problems = findDoubles(all)
  if (problems.length > 0) return problems
  const planned = new Map<string, Planned>()
  const first = lay(steps, undefined, planned)
  for (const { step } of planned.values()) {
    if (step.next === undefined || step.next === 'end' || planned.has(step.next)) continue
    problems.push({ path: [...step.path, 'next'], description: `names no step: there is no "${step.next}"` })
  }
  for (const { step, next } of planned.values()) {
    if (step.kind !== 'digest' || next !== undefined) continue
    problems.push({
      path: [...step.path, 'digest'],
      description: 'leads nowhere: a step has to tell what was gathered',
    })
  }
  if (problems.length > 0 || first === undefined) return problems
  const circle = findCircle(first, planned)
  if (circle !== undefined) return [circle]
  return all.flatMap((step) => checkReferences(step, planned))
}

/** Steps in all: a fallback counts as its channels. */
export function countSteps(steps: readonly Step[]): number {
  return flatten(steps).reduce((sum, step) => sum + (step.kind === 'fallback' ? step.tries.length : 1), 0)
}

export function flatten(steps: readonly Step[]): Step[] {
  return steps.flatMap((step) =>
    step.kind === 'condition' ? [step, ...flatten(step.whenMet), ...flatten(step.whenNot)] : [step],
  )
}

function findDoubles(steps: readonly Step[]): Problem[] {
  const seen = new Set<string>()
  return steps.flatMap(({ id, path }) => {
    if (seen.has(id))
      return [{ path: [...path, 'id'], description: `is taken: "${id}" is another step's id` }]
    seen.add(id)
    return []
  })
}

function onward({ next, whenMet, whenNot, step }: Planned): (string | undefined)[] {
  return step.kind === 'condition' ? [whenMet, whenNot] : [next]
}

/** The first circle that a run could walk in, told where it closes. */
function findCircle(first: string, planned: ReadonlyMap<string, Planned>): Problem | undefined {
  const done = new Set<string>()
  const walk = (id: string, way: readonly string[]): Problem | undefined => {
    if (way.includes(id)) {
      const circle = [...way.slice(way.indexOf(id)), id]
      const closer = planned.get(closerOf(circle, planned))?.step
      return {
        path:
          closer === undefined ? ['steps'] : [...closer.path, ...(closer.next === undefined ? [] : ['next'])],
        description: `goes in a circle: ${circle.join(' → ')}`,
      }
    }
    if (done.has(id)) return undefined
    done.add(id)
    const here = planned.get(id)
    for (const next of here === undefined ? [] : onward(here)) {
      const found = next === undefined ? undefined : walk(next, [...way, id])
      if (found !== undefined) return found
    }
    return undefined
  }
  return walk(first, [])
}

/** A circle is closed by a `next` that leads back: the last one on the way. */
function closerOf(circle: readonly string[], planned: ReadonlyMap<string, Planned>): string {
  return circle.findLast((id) => planned.get(id)?.step.next !== undefined) ?? circle[0] ?? ''
}

/** What a step's expressions say about other steps has to have happened before. */
function checkReferences(step: Step, planned: ReadonlyMap<string, Planned>): Problem[] {
  return expressionsOf(step).flatMap(({ expression, path }) =>
    pathsOf(expression).flatMap(([root, id]): Problem[] => {
      if (root !== 'steps') return []
      const named = typeof id === 'string' ? planned.get(id) : undefined
      if (named === undefined) return [{ path, description: `names no step: there is no "${id ?? ''}"` }]
      if (!('tries' in named.step) && named.step.kind !== 'channel' && named.step.kind !== 'webhook') {
        return [{ path, description: `asks what became of "${id}", which sends nothing` }]
      }
      return leadsTo(named.step.id, step.id, planned)
        ? []
        : [{ path, description: `asks what became of "${id}", which does not come before` }]
    }),
  )
}

function leadsTo(from: string, to: string, planned: ReadonlyMap<string, Planned>): boolean {
  const seen = new Set<string>()
  const reach = (id: string | undefined): boolean => {
    const here = id === undefined || seen.has(id) ? undefined : planned.get(id)
    if (here === undefined) return false
    seen.add(here.step.id)
    return onward(here).some((next) => next === to || reach(next))
  }
  return from !== to && reach(from)
}

/** The expressions of a step and where they are written. */
export function expressionsOf(step: Step): { expression: Expression; path: Path }[] {
  if (step.kind === 'condition') return [{ expression: step.condition, path: [...step.path, 'condition'] }]
  if (step.kind === 'digest') return [{ expression: step.key, path: [...step.path, 'digest', 'key'] }]
  if (step.kind !== 'delay' || !('until' in step.delay)) return []
  return [{ expression: step.delay.until, path: [...step.path, 'delay', 'until'] }]
}
