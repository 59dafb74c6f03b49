import type { DescField, DescMessage, Message } from '@bufbuild/protobuf'
import type { FieldViolation } from '@mainstay/kernel'
import { entryPath, memberPath } from '../json-path.ts'

/**
 * Two things that no text of a request may hold, whatever its contract says: the character U+0000, which PostgreSQL has no
 * room for in text or JSON, and the map key `__proto__`, which some later copy of the object would lose or obey.
 */
export function textViolations(schema: DescMessage, message: Message): FieldViolation[] {
  const violations: FieldViolation[] = []
  walkMessage(schema, message as unknown as Record<string, unknown>, '', violations)
  return violations
}

/** Whether a text is free of U+0000. */
export function isPlainText(text: string): boolean {
  return !text.includes('\0')
}

/** Whether a map may have this key. */
export function isPlainKey(key: string): boolean {
  return key !== '__proto__' && isPlainText(key)
}

/** Whether all texts and keys of a JSON value are allowed. */
export function isPlainJson(json: unknown): boolean {
  if (typeof json === 'string') return isPlainText(json)
  if (typeof json !== 'object' || json === null) return true
  if (Array.isArray(json)) return json.every(isPlainJson)
  for (const key in json) {
    if (!isPlainKey(key) || !isPlainJson((json as Record<string, unknown>)[key])) return false
  }
  return true
}

function walkMessage(
  schema: DescMessage,
  message: Record<string, unknown>,
  path: string,
  violations: FieldViolation[],
): void {
  for (const field of schema.fields) {
    const oneof = field.oneof && (message[field.oneof.localName] as { case?: string; value?: unknown })
    const value =
      oneof === undefined
        ? message[field.localName]
        : oneof.case === field.localName
          ? oneof.value
          : undefined
    if (value !== undefined) walkField(field, value, memberPath(path, field.jsonName), violations)
  }
}

function walkField(field: DescField, value: unknown, path: string, violations: FieldViolation[]): void {
  if (field.fieldKind === 'list') {
    for (const [index, item] of (value as readonly unknown[]).entries()) {
      walkValue(field, item, `${path}[${index}]`, violations)
    }
  } else if (field.fieldKind === 'map') {
    for (const [key, entry] of Object.entries(value as object)) {
      if (!isPlainKey(key)) violations.push(refusedKey(entryPath(path, key)))
      walkValue(field, entry, entryPath(path, key), violations)
    }
  } else walkValue(field, value, path, violations)
}

function walkValue(field: DescField, value: unknown, path: string, violations: FieldViolation[]): void {
  if (typeof value === 'string') {
    if (!isPlainText(value)) violations.push(refusedText(path))
  } else if (field.message?.typeName === 'google.protobuf.Struct' && !('$typeName' in (value as object))) {
    walkJson(value, path, violations)
  } else if (field.message !== undefined && typeof value === 'object') {
    walkMessage(field.message, value as Record<string, unknown>, path, violations)
  }
}

function walkJson(json: unknown, path: string, violations: FieldViolation[]): void {
  if (typeof json === 'string' && !isPlainText(json)) violations.push(refusedText(path))
  if (typeof json !== 'object' || json === null) return
  if (Array.isArray(json)) {
    for (const [index, item] of json.entries()) walkJson(item, `${path}[${index}]`, violations)
    return
  }
  for (const [key, value] of Object.entries(json)) {
    if (!isPlainKey(key)) violations.push(refusedKey(entryPath(path, key)))
    walkJson(value, entryPath(path, key), violations)
  }
}

function refusedText(field: string): FieldViolation {
  return { field, description: 'must not hold the character U+0000', reason: 'rpc.field_invalid' }
}

function refusedKey(field: string): FieldViolation {
  return { field, description: 'is no key that is allowed', reason: 'rpc.field_invalid' }
}
