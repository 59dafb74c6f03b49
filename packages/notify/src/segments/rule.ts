import type { FieldViolation } from '@mainstay/kernel'
import { canonicalLocale } from '../templates/locales.ts'

/** Who is in a segment. Told apart by `kind`; made by `readRule` only, so that its sizes are bounded. */
export type SegmentRule =
  | { kind: 'all' | 'any'; rules: readonly SegmentRule[] }
  | { kind: 'not'; rule: SegmentRule }
  | { kind: 'topic'; topic: string }
  | { kind: 'text'; field: TextField; comparison: Comparison }
  | { kind: 'time'; field: TimeField; operator: Order; value: Date }
  | { kind: 'attribute'; path: readonly string[]; comparison: Comparison }

export type Scalar = string | number | boolean

export type Order = 'gt' | 'gte' | 'lt' | 'lte'

export type Comparison =
  | { operator: 'eq' | 'neq' | 'contains'; value: Scalar }
  | { operator: 'in'; values: readonly Scalar[] }
  | { operator: Order; value: string | number }
  | { operator: 'exists'; value: boolean }
  | { operator: 'prefix'; value: string }

/** Fields of a recipient as rules name them, and the columns of notify.recipients that they are. */
export const TEXT_FIELDS = {
  recipientId: 'recipient_id',
  email: 'email',
  displayName: 'display_name',
  phone: 'phone',
  locale: 'locale',
  timezone: 'timezone',
} as const

export const TIME_FIELDS = { createTime: 'create_time', updateTime: 'update_time' } as const

export type TextField = keyof typeof TEXT_FIELDS
export type TimeField = keyof typeof TIME_FIELDS

const ORDERS = ['gt', 'gte', 'lt', 'lte'] as const
const TEXT_OPERATORS = ['eq', 'neq', 'in', 'exists', 'contains', 'prefix'] as const
const ATTRIBUTE_OPERATORS = [...TEXT_OPERATORS, ...ORDERS] as const

const DEEPEST = 8
const MOST_CONDITIONS = 100
const MOST_VALUES = 100
const MOST_BYTES = 16_384
const LONGEST_TEXT = 256
const MOST_STEPS = 8

/** Thrown inside, caught by `readRule`: the first thing that is wrong is enough to tell. */
class RuleProblem extends Error {
  readonly field: string

  constructor(field: string, description: string) {
    super(description)
    this.field = field
  }
}

/**
 * Reads a rule in its JSON form:
 *
 * - `{"all": […]}`, `{"any": […]}`, `{"not": {…}}`
 * - `{"topic": "news"}`
 * - `{"field": "attributes.plan", "op": "eq", "value": "pro"}`
 *
 * @returns the rule, or what is wrong with it, by its path from `at` on.
 */
export function readRule(json: unknown, at = 'rule'): SegmentRule | FieldViolation {
  try {
    if (Buffer.byteLength(JSON.stringify(json) ?? '') > MOST_BYTES) {
      throw new RuleProblem(at, `must be at most ${MOST_BYTES} bytes of JSON`)
    }
    return new RuleReader().read(json, at, DEEPEST)
  } catch (error) {
    if (error instanceof RuleProblem) return { field: error.field, description: error.message }
    throw error
  }
}

/** Whether `readRule` found a rule. */
export function isRule(read: SegmentRule | FieldViolation): read is SegmentRule {
  return 'kind' in read
}

class RuleReader {
  #conditions = 0

  read(json: unknown, at: string, depth: number): SegmentRule {
    if (depth === 0) throw new RuleProblem(at, `is nested deeper than ${DEEPEST} rules`)
    if (++this.#conditions > MOST_CONDITIONS) {
      throw new RuleProblem(at, `is one too many: a rule has at most ${MOST_CONDITIONS} parts`)
    }
    const said = requireObject(json, at)
    const kind = (['all', 'any', 'not', 'topic', 'field'] as const).find((key) => Object.hasOwn(said, key))
    if (kind === undefined) throw new RuleProblem(at, 'must have one of all, any, not, topic and field')
    refuseOthers(said, kind === 'field' ? ['field', 'op', 'value'] : [kind], at)
    if (kind === 'all' || kind === 'any') {
      const rules = requireArray(said[kind], `${at}.${kind}`)
      return { kind, rules: rules.map((rule, i) => this.read(rule, `${at}.${kind}[${i}]`, depth - 1)) }
    }
    if (kind === 'not') return { kind, rule: this.read(said[kind], `${at}.not`, depth - 1) }
    if (kind === 'topic') return { kind, topic: requireText(said[kind], `${at}.topic`) }
    return readField(said, at)
  }
}

function readField(said: Readonly<Record<string, unknown>>, at: string): SegmentRule {
  const field = requireText(said.field, `${at}.field`)
  if (Object.hasOwn(TIME_FIELDS, field)) {
    const operator = requireOneOf(said.op, ORDERS, `${at}.op`)
    return {
      kind: 'time',
      field: field as TimeField,
      operator,
      value: requireTime(said.value, `${at}.value`),
    }
  }
  if (Object.hasOwn(TEXT_FIELDS, field)) {
    const operator = requireOneOf(said.op, TEXT_OPERATORS, `${at}.op`)
    const comparison = readComparison(operator, said.value, `${at}.value`)
    requireTexts(comparison, `${at}.value`)
    const name = field as TextField
    return {
      kind: 'text',
      field: name,
      comparison: name === 'locale' ? inOneSpelling(comparison) : comparison,
    }
  }
  const [first, ...path] = field.split('.')
  if (first !== 'attributes' || path.length === 0) {
    const fields = [...Object.keys(TEXT_FIELDS), ...Object.keys(TIME_FIELDS)].join(', ')
    throw new RuleProblem(`${at}.field`, `must be one of ${fields}, or a path such as attributes.plan`)
  }
  if (path.length > MOST_STEPS) throw new RuleProblem(`${at}.field`, `must have at most ${MOST_STEPS} steps`)
  if (path.some((step) => step === '' || /^-?\d+$/.test(step))) {
    throw new RuleProblem(
      `${at}.field`,
      'must be names with dots between them: empty ones and numbers are none',
    )
  }
  const operator = requireOneOf(said.op, ATTRIBUTE_OPERATORS, `${at}.op`)
  return { kind: 'attribute', path, comparison: readComparison(operator, said.value, `${at}.value`) }
}

function readComparison(
  operator: (typeof ATTRIBUTE_OPERATORS)[number],
  value: unknown,
  at: string,
): Comparison {
  switch (operator) {
    case 'in': {
      const values = requireArray(value, at)
      if (values.length === 0 || values.length > MOST_VALUES) {
        throw new RuleProblem(at, `must be 1 to ${MOST_VALUES} values`)
      }
      return { operator, values: values.map((one, i) => requireScalar(one, `${at}[${i}]`)) }
    }
    case 'exists':
      if (value === undefined || typeof value === 'boolean') return { operator, value: value ?? true }
      throw new RuleProblem(at, 'must be true or false')
    case 'prefix':
      return { operator, value: requireText(value, at) }
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte': {
      const bound = requireScalar(value, at)
      if (typeof bound !== 'boolean') return { operator, value: bound }
      throw new RuleProblem(at, 'must be a number or a text')
    }
    default:
      return { operator, value: requireScalar(value, at) }
  }
}

/** A recipient's own fields are texts: a number among the values would never be found. */
function requireTexts(comparison: Comparison, at: string): void {
  if (comparison.operator === 'exists') return
  const values = comparison.operator === 'in' ? comparison.values : [comparison.value]
  if (values.every((value) => typeof value === 'string')) return
  throw new RuleProblem(at, comparison.operator === 'in' ? 'must be texts' : 'must be a text')
}

/** Locales are stored in their canonical spelling. */
function inOneSpelling(comparison: Comparison): Comparison {
  const spell = (value: Scalar): Scalar => canonicalLocale(String(value)) ?? value
  if (comparison.operator === 'in') return { ...comparison, values: comparison.values.map(spell) }
  if (comparison.operator === 'eq' || comparison.operator === 'neq') {
    return { ...comparison, value: spell(comparison.value) }
  }
  return comparison
}

function requireObject(json: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>
  throw new RuleProblem(at, 'must be an object')
}

function requireArray(json: unknown, at: string): readonly unknown[] {
  if (Array.isArray(json)) return json
  throw new RuleProblem(at, 'must be a list')
}

function requireText(json: unknown, at: string): string {
  if (typeof json !== 'string' || json === '') throw new RuleProblem(at, 'must be a text')
  return requirePlain(json, at)
}

function requireScalar(json: unknown, at: string): Scalar {
  if (typeof json === 'boolean' || (typeof json === 'number' && Number.isFinite(json))) return json
  if (typeof json === 'string') return requirePlain(json, at)
  throw new RuleProblem(at, 'must be a text, a number, true or false')
}

/** What the database can hold, and no longer than is of use. */
function requirePlain(text: string, at: string): string {
  if (text.length > LONGEST_TEXT) throw new RuleProblem(at, `must be at most ${LONGEST_TEXT} characters`)
  if (text.includes('\0') || !text.isWellFormed())
    throw new RuleProblem(at, 'must be Unicode text without U+0000')
  return text
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/

function requireTime(json: unknown, at: string): Date {
  const time = typeof json === 'string' && RFC_3339.test(json) ? new Date(json) : undefined
  if (time !== undefined && !Number.isNaN(time.getTime())) return time
  throw new RuleProblem(at, 'must be a time in RFC 3339, for example 2026-01-31T00:00:00Z')
}

function requireOneOf<T extends string>(json: unknown, choices: readonly T[], at: string): T {
  const choice = choices.find((one) => one === json)
  if (choice !== undefined) return choice
  throw new RuleProblem(at, `must be one of ${choices.join(', ')}`)
}

function refuseOthers(said: Readonly<Record<string, unknown>>, known: readonly string[], at: string): void {
  const other = Object.keys(said).find((key) => !known.includes(key))
  if (other !== undefined) throw new RuleProblem(`${at}.${other}`, `is unknown beside ${known[0]}`)
}
