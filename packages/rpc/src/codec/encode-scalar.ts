import { type DescEnum, ScalarType } from '@bufbuild/protobuf'

/** Writes one value as JSON text. */
export type Encode = (value: unknown) => string

/** The encoder of a scalar type, after the ProtoJSON mapping. */
export function scalarEncoder(scalar: ScalarType): Encode {
  switch (scalar) {
    case ScalarType.STRING:
      return quote as Encode
    case ScalarType.BOOL:
      return String
    case ScalarType.BYTES:
      return encodeBytes
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return encodeNumber
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return encodeLong
    default:
      return String
  }
}

/** Whether an implicit-presence value is the type's zero, which JSON leaves out. */
export function isZero(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return value === ''
    case 'bigint':
      return value === 0n
    case 'boolean':
      return !value
    case 'number':
      return Object.is(value, 0)
    default:
      return value === undefined || value === null || (value instanceof Uint8Array && value.length === 0)
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what JSON escapes
const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/

/** A JSON string. Most are short and plain: those are quoted as they are, at half the time of `JSON.stringify`. */
export function quote(text: string): string {
  if (text.length > 64) return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 32 || code === 34 || code === 92 || (code >= 0xd800 && code <= 0xdfff))
      return JSON.stringify(text)
  }
  return `"${text}"`
}

function encodeNumber(value: unknown): string {
  return Number.isFinite(value) ? String(value) : `"${value}"`
}

function encodeLong(value: unknown): string {
  return `"${value}"`
}

function encodeBytes(value: unknown): string {
  const bytes = value instanceof Uint8Array ? value : Uint8Array.from(value as Iterable<number>)
  return `"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}"`
}

/** The name of an enum's value; a number that has none stays a number. */
export function enumEncoder(descriptor: DescEnum): Encode {
  if (descriptor.typeName === 'google.protobuf.NullValue') return () => 'null'
  const texts = new Map<unknown, string>()
  for (const { number, jsonName } of descriptor.values) {
    if (!texts.has(number)) texts.set(number, JSON.stringify(jsonName))
  }
  return (value) => texts.get(value) ?? String(value)
}
