import type { FieldViolation } from '@mainstay/kernel'
import type { Target } from '@mainstay/proto/notify/v1'
import type { Plan, Planned } from './definition/plan.ts'
import { readTime } from './engine/delay.ts'
import { MAX_DIGEST_KEY_CHARACTERS } from './engine/digest.ts'
import { evaluate } from './expression/evaluate.ts'
import type { Expression } from './expression/expression.ts'

/** What a run is started with, at the most, in characters of JSON. */
const MAX_DATA_CHARACTERS = 262_144

/**
 * What can be seen to be wrong with a run before it starts: data that is too large or cannot be stored, and a digest or a delay
 * that asks for what the data does not have.
 */
export function checkStart(plan: Plan, data: Record<string, unknown>, dedupeKey: string): FieldViolation[] {
  const text = JSON.stringify(data)
  if (text.length > MAX_DATA_CHARACTERS) {
    return [{ field: 'data', description: `has more than ${MAX_DATA_CHARACTERS} characters as JSON` }]
  }
  const violations: FieldViolation[] = []
  const says = 'must not hold the character U+0000'
  // JSON writes it as an escape; a literal backslash before it would be escaped itself.
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(text)) violations.push({ field: 'data', description: says })
  if (dedupeKey.includes('\0')) violations.push({ field: 'dedupeKey', description: says })
  for (const { step } of alwaysDone(plan)) {
    if (step.kind === 'digest') {
      const field = fieldOf(step.key)
      const value = field === undefined ? '' : evaluate(step.key, { data })
      if (value === null) {
        violations.push({
          field: field ?? 'data',
          description: `is the key of the digest "${step.id}": give it`,
        })
      } else if (typeof value === 'object' || String(value).length > MAX_DIGEST_KEY_CHARACTERS) {
        violations.push({
          field: field ?? 'data',
          description: `is the key of the digest "${step.id}": at most ${MAX_DIGEST_KEY_CHARACTERS} characters`,
        })
      }
    } else if (step.kind === 'delay' && 'until' in step.delay) {
      const field = fieldOf(step.delay.until)
      if (field !== undefined && readTime(evaluate(step.delay.until, { data })) === undefined) {
        const description = `is what the delay "${step.id}" waits for: a time such as 2026-03-01T09:00:00Z`
        violations.push({ field, description })
      }
    }
  }
  return violations
}

/** The steps that every run comes to: those up to the first that may end it or part ways. */
function alwaysDone({ first, steps }: Plan): Planned[] {
  const done: Planned[] = []
  for (let at = first; at !== undefined; ) {
    const here: Planned | undefined = steps.get(at)
    if (here === undefined || here.step.kind === 'condition') break
    done.push(here)
    if (here.step.kind === 'digest') break
    at = here.next
  }
  return done
}

/** `data.order.id` as the caller writes it; undefined: it is no place in the data. */
function fieldOf(expression: Expression): string | undefined {
  if (expression.kind !== 'path' || expression.path[0] !== 'data') return undefined
  return expression.path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')
}

/** A target as its one field, as it is stored. */
export function targetOf(to: Target | undefined): Readonly<Record<string, string>> {
  const { target } = to ?? {}
  // The contract wants one of the cases: its rules have been kept before this is called.
  if (target?.case === undefined) throw new TypeError('A run is for somebody')
  return { [target.case]: target.value }
}
