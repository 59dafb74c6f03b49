import { type DescField, type DescMessage, type DescOneof, getOption, ScalarType } from '@bufbuild/protobuf'
import {
  type FieldRules,
  field as fieldRulesOption,
  Ignore,
  message as messageRulesOption,
  oneof as oneofRulesOption,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'
import { isWrapper } from '../codec/decode-wkt.ts'
import { quickCel } from './quick-cel.ts'
import { both, never, type QuickCheck, quickRules } from './quick-rules.ts'
import { isPlainJson, isPlainKey, isPlainText } from './text-policy.ts'

type Fields = Readonly<Record<string, unknown>>

const known = new WeakMap<DescMessage, QuickCheck>()
const knownWithoutRules = new WeakMap<DescMessage, QuickCheck>()

/**
 * A check that is true only when a message certainly keeps all the rules of its contract, put together once per type. It
 * decides nearly every good request in a microsecond where protovalidate takes five; what it cannot decide, and all that is
 * wrong, goes to protovalidate, which alone says what is wrong. quick-check.property.test.ts holds the two together.
 */
export function quickCheck(message: DescMessage, withRules = true): QuickCheck {
  const cache = withRules ? known : knownWithoutRules
  const before = cache.get(message)
  if (before !== undefined) return before
  const checks: QuickCheck[] = []
  const check: QuickCheck = (value) => {
    for (let i = 0; i < checks.length; i++) if (!(checks[i] as QuickCheck)(value)) return false
    return true
  }
  // Known before its fields are compiled, so that a message may hold itself.
  cache.set(message, check)
  if (withRules) checks.push(...messageChecks(message))
  for (const field of message.fields) {
    const one = fieldCheck(field, withRules)
    if (one !== undefined) checks.push(one)
  }
  return check
}

function messageChecks(message: DescMessage): QuickCheck[] {
  const rules = getOption(message, messageRulesOption)
  const checks: QuickCheck[] = rules.cel.map((rule) => quickCel(rule.expression, message) ?? never)
  if (rules.oneof.length > 0 || rules.celExpression.length > 0) checks.push(never)
  return [...checks, ...message.oneofs.flatMap(oneofChecks)]
}

function oneofChecks(oneof: DescOneof): QuickCheck[] {
  if (!getOption(oneof, oneofRulesOption).required) return []
  const { localName } = oneof
  return [(message) => ((message as Fields)[localName] as { case?: string }).case !== undefined]
}

/** The check of one field of a message; undefined when there is nothing to check. */
function fieldCheck(field: DescField, withRules: boolean): QuickCheck | undefined {
  const rules = getOption(field, fieldRulesOption)
  const applies = withRules && rules.ignore !== Ignore.ALWAYS
  const value = valueCheck(field, applies ? rules : undefined, applies)
  const { localName } = field
  const required = applies && rules.required
  if (field.oneof !== undefined) {
    const oneofName = field.oneof.localName
    if (required) return never
    return (
      value &&
      ((message) => {
        const oneof = (message as Fields)[oneofName] as { case?: string; value?: unknown }
        return oneof.case !== localName || value(oneof.value)
      })
    )
  }
  const mayBeZero = rules.ignore === Ignore.IF_ZERO_VALUE
  if (value === undefined && !required) return
  return (message) => {
    const one = (message as Fields)[localName]
    if (one === undefined) return !required
    if ((mayBeZero || required) && isZero(one)) return !required
    return value === undefined || value(one)
  }
}

function isZero(value: unknown): boolean {
  if (typeof value !== 'object') return value === '' || value === 0 || value === 0n || value === false
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0
  return false
}

function valueCheck(
  field: DescField,
  rules: FieldRules | undefined,
  withRules: boolean,
): QuickCheck | undefined {
  if (rules !== undefined && (rules.cel.length > 0 || rules.celExpression.length > 0)) return never
  if (field.fieldKind === 'list') return listCheck(field, rules, withRules)
  if (field.fieldKind === 'map') return mapCheck(field, rules, withRules)
  return itemCheck(field, rules, withRules)
}

/** A single value: of a plain field, of a list's item, of a map's entry. */
function itemCheck(
  field: DescField,
  rules: FieldRules | undefined,
  withRules: boolean,
): QuickCheck | undefined {
  if (field.message !== undefined) return messageValueCheck(field, field.message, rules, withRules)
  const own = rules && quickRules(rules.type)
  if (field.enum !== undefined) {
    const definedOnly = rules?.type.case === 'enum' && rules.type.value.definedOnly
    if (!definedOnly) return own
    const numbers = new Set(field.enum.values.map(({ number }) => number))
    return both((value) => numbers.has(value as number), own)
  }
  if (field.scalar === ScalarType.STRING) return both(isPlainText as QuickCheck, own)
  return 'longAsString' in field && field.longAsString && own !== undefined ? never : own
}

function messageValueCheck(
  field: DescField,
  message: DescMessage,
  rules: FieldRules | undefined,
  withRules: boolean,
): QuickCheck | undefined {
  const own = rules && quickRules(rules.type)
  if (message.typeName === 'google.protobuf.Struct' && field.parent.typeName !== 'google.protobuf.Value') {
    return own === undefined ? isPlainJson : never
  }
  // A wrapper may be its bare value here; with rules it is rare enough to leave to protovalidate.
  if (isWrapper(message)) {
    if (own !== undefined) return never
    return message.typeName === 'google.protobuf.StringValue' ? isPlainWrapped : undefined
  }
  if (message.typeName === 'google.protobuf.Timestamp' || message.typeName === 'google.protobuf.Duration')
    return own
  return both(quickCheck(message, withRules), own)
}

function isPlainWrapped(value: unknown): boolean {
  return isPlainText(typeof value === 'string' ? value : (value as { value: string }).value)
}

function listCheck(
  field: DescField,
  rules: FieldRules | undefined,
  withRules: boolean,
): QuickCheck | undefined {
  const itemRules = rules?.type.case === 'repeated' ? rules.type.value.items : undefined
  const own = rules && quickRules(rules.type)
  const item = elementCheck(field, itemRules, withRules)
  return both(own, item && ((items) => (items as readonly unknown[]).every(item)))
}

function mapCheck(
  field: DescField,
  rules: FieldRules | undefined,
  withRules: boolean,
): QuickCheck | undefined {
  const mapRules = rules?.type.case === 'map' ? rules.type.value : undefined
  const own = rules && quickRules(rules.type)
  const value = elementCheck(field, mapRules?.values, withRules)
  const key = keyCheck(field, mapRules?.keys)
  return both(own, (entries) => {
    for (const [name, one] of Object.entries(entries as Fields)) {
      if (!key(name) || (value !== undefined && !value(one))) return false
    }
    return true
  })
}

function elementCheck(
  field: DescField,
  rules: FieldRules | undefined,
  withRules: boolean,
): QuickCheck | undefined {
  if (
    rules !== undefined &&
    (rules.ignore !== Ignore.UNSPECIFIED || rules.cel.length > 0 || rules.celExpression.length > 0)
  ) {
    return never
  }
  return itemCheck(field, rules, withRules)
}

function keyCheck(field: DescField, rules: FieldRules | undefined): QuickCheck {
  if (rules === undefined) return isPlainKey as QuickCheck
  const isText = field.fieldKind === 'map' && field.mapKey === ScalarType.STRING
  const plain =
    rules.ignore === Ignore.UNSPECIFIED && rules.cel.length === 0 && rules.celExpression.length === 0
  return isText && plain ? (both(isPlainKey as QuickCheck, quickRules(rules.type)) as QuickCheck) : never
}
