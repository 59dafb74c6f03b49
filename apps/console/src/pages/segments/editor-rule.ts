import type { JsonObject, JsonValue } from '@bufbuild/protobuf'

/** A rule as it is edited: `none` is `not any` of the contract. Ids are the editor's own, for React. */
export type EditorRule = EditorGroup | EditorCondition

export interface EditorGroup {
  id: number
  kind: 'all' | 'any' | 'none'
  rules: EditorRule[]
}

export interface EditorCondition {
  id: number
  kind: 'condition'
  /** `attributes`, `topic`, or a field of a recipient. */
  field: string
  /** Below `attributes`. */
  path: string
  op: string
  /** As it is typed: see `readValue`. */
  value: string
}

/** What a condition can be about, in the words of the reader. */
export const fields: readonly (readonly [field: string, word: string])[] = [
  ['attributes', 'Attribute'],
  ['topic', 'Topic'],
  ['locale', 'Language'],
  ['timezone', 'Time zone'],
  ['email', 'Email'],
  ['displayName', 'Name'],
  ['phone', 'Phone'],
  ['recipientId', 'Id'],
  ['createTime', 'Added'],
  ['updateTime', 'Changed'],
]

const TEXT: readonly (readonly [op: string, word: string])[] = [
  ['eq', 'is'],
  ['neq', 'is not'],
  ['in', 'is one of'],
  ['contains', 'contains'],
  ['prefix', 'begins with'],
  ['exists', 'is known'],
  ['missing', 'is not known'],
]
const ORDER = [
  ['gt', 'is more than'],
  ['gte', 'is at least'],
  ['lt', 'is less than'],
  ['lte', 'is at most'],
] as const
const TIMES = [
  ['gte', 'since'],
  ['lt', 'before'],
] as const

export function operatorsOf(field: string): readonly (readonly [op: string, word: string])[] {
  if (field === 'topic') return [['eq', 'includes them']]
  if (field === 'createTime' || field === 'updateTime') return TIMES
  return field === 'attributes' ? [...TEXT, ...ORDER] : TEXT
}

export function needsValue({ op }: EditorCondition): boolean {
  return op !== 'exists' && op !== 'missing'
}

let lastId = 0

export function newCondition(change: Partial<EditorCondition> = {}): EditorCondition {
  return { id: ++lastId, kind: 'condition', field: 'attributes', path: '', op: 'eq', value: '', ...change }
}

export function newGroup(kind: EditorGroup['kind'], rules: EditorRule[]): EditorGroup {
  return { id: ++lastId, kind, rules }
}

/** Whether every condition says all that it needs to. */
export function isComplete(rule: EditorRule): boolean {
  if (rule.kind !== 'condition') return rule.rules.every(isComplete)
  if (rule.field === 'attributes' && rule.path.trim() === '') return false
  return !needsValue(rule) || rule.value.trim() !== ''
}

export function toJson(rule: EditorRule): JsonObject {
  if (rule.kind === 'none') return { not: { any: rule.rules.map(toJson) } }
  if (rule.kind !== 'condition') return { [rule.kind]: rule.rules.map(toJson) }
  const { field, op, value } = rule
  if (field === 'topic') return { topic: value.trim() }
  const name = field === 'attributes' ? `attributes.${rule.path.trim()}` : field
  if (op === 'exists' || op === 'missing') return { field: name, op: 'exists', value: op === 'exists' }
  if (field === 'createTime' || field === 'updateTime') return { field: name, op, value: readTime(value) }
  const read =
    field === 'attributes' && op !== 'prefix' ? readValue : (text: string): JsonValue => text.trim()
  return { field: name, op, value: op === 'in' ? splitValues(value).map(read) : read(value) }
}

/** A number, true or false where it reads as one; anything else, and what is in quotes, is text. */
export function readValue(text: string): string | number | boolean {
  const trimmed = text.trim()
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true'
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(trimmed)) return Number(trimmed)
  return /^".*"$/s.test(trimmed) ? trimmed.slice(1, -1) : trimmed
}

/** The text that `readValue` reads as this value. */
export function writeValue(value: JsonValue): string {
  if (typeof value !== 'string') return String(value)
  return readValue(value) === value && value === value.trim() && !value.includes(',') ? value : `"${value}"`
}

/** By commas that are not in quotes. */
function splitValues(text: string): string[] {
  return (text.match(/\s*("[^"]*"|[^,])+/g) ?? []).map((part) => part.trim()).filter((part) => part !== '')
}

/** A day begins where the reader is. */
function readTime(day: string): string {
  const time = new Date(`${day}T00:00:00`)
  return Number.isNaN(time.getTime()) ? day : time.toISOString()
}

export function fromJson(json: JsonValue | undefined): EditorRule {
  const rule = (json ?? {}) as Record<string, JsonValue>
  if (Array.isArray(rule.all)) return newGroup('all', rule.all.map(fromJson))
  if (Array.isArray(rule.any)) return newGroup('any', rule.any.map(fromJson))
  if (rule.not !== undefined) {
    const inner = fromJson(rule.not)
    return newGroup('none', inner.kind === 'any' ? inner.rules : [inner])
  }
  if (typeof rule.topic === 'string') return newCondition({ field: 'topic', value: rule.topic })
  const [first = '', ...path] = String(rule.field ?? '').split('.')
  const op = String(rule.op ?? '')
  const { value } = rule
  if (op === 'exists')
    return newCondition({ field: first, path: path.join('.'), op: value === false ? 'missing' : op })
  return newCondition({ field: first, path: path.join('.'), op, value: textOf(first, value) })
}

function textOf(field: string, value: JsonValue | undefined): string {
  if (value === undefined || value === null) return ''
  if (field === 'createTime' || field === 'updateTime') return dayOf(String(value))
  if (Array.isArray(value)) return value.map(writeValue).join(', ')
  return field === 'attributes' ? writeValue(value) : String(value)
}

function dayOf(time: string): string {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return time
  const two = (part: number): string => String(part).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** The rule with one part of it replaced, or taken out where `next` is undefined. */
export function replaceRule(rule: EditorRule, id: number, next: EditorRule | undefined): EditorRule {
  if (rule.id === id) return next ?? newGroup('all', [])
  if (rule.kind === 'condition') return rule
  return {
    ...rule,
    rules: rule.rules.flatMap((one) => (one.id === id ? (next ?? []) : [replaceRule(one, id, next)])),
  }
}
