import { createCursor } from './cursor.ts'
import { type Definition, MESSAGE_CLASSES, type Problem, type Step } from './definition.ts'
import { isTimezone } from './local-time.ts'
import { checkFlow } from './plan.ts'
import { readSteps } from './read-step.ts'

/** As much as a definition may weigh, as JSON. */
export const MAX_DEFINITION_CHARACTERS = 262_144

/** Deeper than any workflow of a person, and what keeps reading from running out of stack. */
const MAX_DEPTH = 40

export const NAME = /^[a-z][a-z0-9._-]{0,62}[a-z0-9]$/

const FIELDS = ['name', 'description', 'timezone', 'class', 'category', 'steps'] as const

/**
 * Reads a definition, from whatever it was written in. Everything that is wrong is told at once; what names things outside of
 * it, such as templates, is not looked up.
 *
 * @returns a definition that may be used where there are no problems, and only there.
 */
export function readDefinition(value: unknown): { definition: Definition; problems: Problem[] } {
  const problems: Problem[] = []
  const definition: Definition = {
    name: '',
    description: '',
    timezone: 'UTC',
    messageClass: 'transactional',
    category: '',
    steps: [],
  }
  const tooMuch = measure(value)
  if (tooMuch !== undefined) return { definition, problems: [{ path: [], description: tooMuch }] }
  const cursor = createCursor(value, [], problems)
  if (cursor.fields(FIELDS) === undefined) return { definition, problems }
  const says = 'must be a name like order-shipped: lower case letters, digits, dots, dashes, at most 64'
  const at = (name: (typeof FIELDS)[number]) => cursor.at(name)
  const read = <T>(name: (typeof FIELDS)[number], fallback: T, fn: () => T | undefined): T =>
    at(name).isSet ? (fn() ?? fallback) : fallback
  const steps = readSteps(at('steps'), 0)
  const made = {
    name: at('name').text({ pattern: NAME, says }) ?? '',
    description: read('description', '', () => at('description').text({ max: 1000 })),
    timezone: read('timezone', 'UTC', () => {
      const timezone = at('timezone').text({ max: 64 })
      if (timezone === undefined || isTimezone(timezone)) return timezone
      return at('timezone').fail('must be a timezone of the IANA database, such as Europe/Berlin')
    }),
    messageClass: read('class', definition.messageClass, () => at('class').choice(MESSAGE_CLASSES)),
    category: read('category', '', () => at('category').text({ max: 64, pattern: NAME, says })),
    steps: steps as readonly Step[],
  }
  problems.push(...checkFlow(made.steps))
  return { definition: made, problems }
}

/** Undefined: it is as small as it has to be. JSON.stringify would throw on what goes in a circle. */
function measure(value: unknown): string | undefined {
  let left = MAX_DEFINITION_CHARACTERS
  const isDeep = (one: unknown, depth: number): boolean => {
    if (depth > MAX_DEPTH) return true
    if (typeof one === 'string') left -= one.length
    if (typeof one !== 'object' || one === null) return false
    if (left < 0) return false
    return Object.entries(one).some(([name, inner]) => {
      left -= name.length + 6
      return isDeep(inner, depth + 1)
    })
  }
  if (isDeep(value, 0)) return `is nested more than ${MAX_DEPTH} deep, or holds itself`
  return left < 0 ? `has more than ${MAX_DEFINITION_CHARACTERS} characters` : undefined
}
