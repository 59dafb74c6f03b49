import type { DescMessage, Message } from '@bufbuild/protobuf'
import { reflect } from '@bufbuild/protobuf/reflect'
import {
  BoolRulesSchema,
  BytesRulesSchema,
  DurationRulesSchema,
  EnumRulesSchema,
  type FieldRules,
  MapRulesSchema,
  RepeatedRulesSchema,
  type StringRules,
  StringRulesSchema,
  TimestampRulesSchema,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'

/** True when the value certainly keeps the rules. False means: ask protovalidate. */
export type QuickCheck = (value: unknown) => boolean

export const never: QuickCheck = () => false

/** A check of the rules for one value of a field; undefined when there are none. What is not known here is `never`. */
export function quickRules(rules: FieldRules['type']): QuickCheck | undefined {
  switch (rules.case) {
    case undefined:
      return undefined
    case 'string':
      return knows(StringRulesSchema, rules.value, STRING_RULES) ? stringCheck(rules.value) : never
    case 'bytes':
      return knows(BytesRulesSchema, rules.value, ['min_len', 'max_len'])
        ? sizeCheck(rules.value.minLen, rules.value.maxLen)
        : never
    case 'bool':
      return knows(BoolRulesSchema, rules.value, ['const']) ? isOneOf([rules.value.const]) : never
    case 'enum':
      // `defined_only` needs the enum, which the caller knows.
      if (!knows(EnumRulesSchema, rules.value, ['defined_only', 'in', 'not_in'])) return never
      return both(membership(rules.value.in), exclusion(rules.value.notIn))
    case 'duration':
      return knows(DurationRulesSchema, rules.value, ORDER_RULES) ? timeCheck(rules.value) : never
    case 'timestamp':
      return knows(TimestampRulesSchema, rules.value, ORDER_RULES) ? timeCheck(rules.value) : never
    case 'repeated':
      return knows(RepeatedRulesSchema, rules.value, ['min_items', 'max_items', 'unique', 'items'])
        ? listCheck(rules.value.minItems, rules.value.maxItems, rules.value.unique)
        : never
    case 'map':
      return knows(MapRulesSchema, rules.value, ['min_pairs', 'max_pairs', 'keys', 'values'])
        ? mapSizeCheck(rules.value.minPairs, rules.value.maxPairs)
        : never
    case 'any':
    case 'fieldMask':
      return never
    default:
      return numberCheck(rules.value)
  }
}

const ORDER_RULES = ['gt', 'gte', 'lt', 'lte']
const STRING_RULES = [
  'const',
  'len',
  'min_len',
  'max_len',
  'min_bytes',
  'max_bytes',
  'pattern',
  'in',
  'not_in',
  'email',
]

/** Whether every rule that is set has a name that we know. `example` is no rule. */
function knows(schema: DescMessage, rules: Message, names: readonly string[]): boolean {
  if (rules.$unknown !== undefined && rules.$unknown.length > 0) return false
  const reflected = reflect(schema, rules)
  return schema.fields.every(
    (field) => !reflected.isSet(field) || names.includes(field.name) || field.name === 'example',
  )
}

export function both(a: QuickCheck | undefined, b: QuickCheck | undefined): QuickCheck | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return (value) => a(value) && b(value)
}

function isOneOf(values: readonly unknown[]): QuickCheck {
  return (value) => values.includes(value)
}

function membership(values: readonly unknown[]): QuickCheck | undefined {
  return values.length === 0 ? undefined : isOneOf(values)
}

function exclusion(values: readonly unknown[]): QuickCheck | undefined {
  return values.length === 0 ? undefined : (value) => !values.includes(value)
}

function stringCheck(rules: StringRules): QuickCheck {
  const reflected = reflect(StringRulesSchema, rules)
  const has = (name: string): boolean => {
    const field = StringRulesSchema.fields.find((candidate) => candidate.name === name)
    return field !== undefined && reflected.isSet(field)
  }
  const minLength = Number(has('len') ? rules.len : rules.minLen)
  const maxLength = has('len') ? Number(rules.len) : has('max_len') ? Number(rules.maxLen) : Infinity
  const minBytes = Number(rules.minBytes)
  const maxBytes = has('max_bytes') ? Number(rules.maxBytes) : Infinity
  const pattern = has('pattern') ? patternCheck(rules.pattern) : undefined
  const email = rules.wellKnown.case === 'email' && rules.wellKnown.value ? isEmail : undefined
  const constant = has('const') ? isOneOf([rules.const]) : undefined
  const more = [pattern, email, constant, membership(rules.in), exclusion(rules.notIn)].reduce(
    both,
    undefined,
  )

  return (value) => {
    const text = value as string
    const { length } = text
    // A character is one or two units, and a unit one to three bytes: most texts are decided without counting.
    if (length > maxLength && countCharacters(text) > maxLength) return false
    if (length < 2 * minLength && countCharacters(text) < minLength) return false
    if (length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes) return false
    if (length < minBytes && Buffer.byteLength(text) < minBytes) return false
    return more === undefined || more(text)
  }
}

function countCharacters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/** Longer texts go to protovalidate's RE2, whose time is linear whatever the pattern. */
const MAX_PATTERN_TEXT = 1024

/**
 * The pattern as a JavaScript expression, when it means the same there as in RE2 and cannot take long: character classes,
 * plain escapes, groups that are not repeated. Anything cleverer is left to protovalidate.
 */
function patternCheck(pattern: string): QuickCheck {
  const plain = /^[\x20-\x7e]*$/.test(pattern) && !/\(\?|\)[*+?{]|\\[^.\\rntd/\-*+?()[\]{}|^$]/.test(pattern)
  if (!plain) return never
  const expression = new RegExp(pattern, 'u')
  return (value) => (value as string).length <= MAX_PATTERN_TEXT && expression.test(value as string)
}

/** The same expression as protovalidate's, which is that of HTML's email input. */
const EMAIL =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/

function isEmail(value: unknown): boolean {
  return (value as string).length <= MAX_PATTERN_TEXT && EMAIL.test(value as string)
}

interface NumberRules extends Message {
  lessThan: { case: 'lt' | 'lte' | undefined; value?: number | bigint }
  greaterThan: { case: 'gt' | 'gte' | undefined; value?: number | bigint }
  in: readonly (number | bigint)[]
  notIn: readonly (number | bigint)[]
}

/** Rules of any number type. `const`, `finite` and bounds the wrong way round are rare and left to protovalidate. */
function numberCheck(message: Message): QuickCheck {
  const rules = message as NumberRules
  const { lessThan, greaterThan } = rules
  const own = Object.getOwnPropertyNames(rules)
  if (own.includes('const') || own.includes('finite') || own.includes('$unknown')) return never
  const low = greaterThan.value
  const high = lessThan.value
  if (low !== undefined && high !== undefined && low > high) return never
  const inRange: QuickCheck = (value) => {
    const number = value as number | bigint
    if (low !== undefined && !(greaterThan.case === 'gt' ? number > low : number >= low)) return false
    return high === undefined || (lessThan.case === 'lt' ? number < high : number <= high)
  }
  return [inRange, membership(rules.in), exclusion(rules.notIn)].reduce(both) as QuickCheck
}

interface SecondsAndNanos {
  seconds: bigint
  nanos: number
}

interface TimeRules {
  lessThan: { case?: string | undefined; value?: unknown }
  greaterThan: { case?: string | undefined; value?: unknown }
}

function timeCheck({ lessThan, greaterThan }: TimeRules): QuickCheck {
  const low = greaterThan.value as SecondsAndNanos | undefined
  const high = lessThan.value as SecondsAndNanos | undefined
  if (low !== undefined && high !== undefined && compareTimes(low, high) > 0) return never
  return (value) => {
    const time = value as SecondsAndNanos
    if (low !== undefined && compareTimes(time, low) < (greaterThan.case === 'gt' ? 1 : 0)) return false
    return high === undefined || compareTimes(time, high) <= (lessThan.case === 'lt' ? -1 : 0)
  }
}

function compareTimes(a: SecondsAndNanos, b: SecondsAndNanos): number {
  if (a.seconds !== b.seconds) return a.seconds < b.seconds ? -1 : 1
  return Math.sign(a.nanos - b.nanos)
}

function sizeCheck(least: bigint, most: bigint): QuickCheck {
  return (value) => {
    const size = (value as Uint8Array).length
    return size >= least && (most === 0n || size <= most)
  }
}

function listCheck(least: bigint, most: bigint, unique: boolean): QuickCheck {
  return (value) => {
    const items = value as readonly unknown[]
    if (items.length < least || (most !== 0n && items.length > most)) return false
    // Only what `===` compares can be told apart here; the rest is left to protovalidate.
    return !unique || (new Set(items).size === items.length && items.every(isPlain))
  }
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'bigint' || Number.isInteger(value)
}

function mapSizeCheck(least: bigint, most: bigint): QuickCheck {
  return (value) => {
    const size = Object.keys(value as object).length
    return size >= least && (most === 0n || size <= most)
  }
}
