import { create, type DescMessage, type Message, type MessageInitShape, toJson } from '@bufbuild/protobuf'
import { protoCamelCase } from '@bufbuild/protobuf/reflect'
import type { Value } from '@bufbuild/protobuf/wkt'
import { isoMinute } from '../iso-time.ts'
import { isWrapper } from './decode-wkt.ts'
import { type Encode, scalarEncoder } from './encode-scalar.ts'
import { sortedJson } from './sorted-json.ts'

/** The encoder of a well-known type that JSON writes in a form of its own; undefined for every other message. */
export function wellKnownEncoder(descriptor: DescMessage): Encode | undefined {
  switch (descriptor.typeName) {
    case 'google.protobuf.Timestamp':
      return encodeTimestamp
    case 'google.protobuf.Duration':
      return encodeDuration
    case 'google.protobuf.FieldMask':
      return encodeFieldMask
    case 'google.protobuf.Struct':
    case 'google.protobuf.Value':
    case 'google.protobuf.ListValue':
      return (value) => JSON.stringify(toJson(descriptor, asMessage(descriptor, value)))
    default:
      return isWrapper(descriptor) ? wrapperEncoder(descriptor) : undefined
  }
}

/**
 * The same for canonical text. A binary request may hold a time or a mask that JSON has no form for, and its hash is asked
 * for all the same.
 */
export function canonicalWellKnownEncoder(descriptor: DescMessage): Encode | undefined {
  switch (descriptor.typeName) {
    case 'google.protobuf.Timestamp':
    case 'google.protobuf.Duration':
      return (value) => {
        const { seconds = 0n, nanos = 0 } = value as SecondsAndNanos
        return `${seconds},${nanos}`
      }
    case 'google.protobuf.FieldMask':
      return (value) => JSON.stringify((value as { paths?: readonly string[] }).paths ?? [])
    case 'google.protobuf.Struct':
    case 'google.protobuf.Value':
    case 'google.protobuf.ListValue':
      return (value) => sortedJson(plainValue(value))
    default:
      return wellKnownEncoder(descriptor)
  }
}

/** A Struct, Value or ListValue as plain JSON values; what is no JSON value (NaN) stays what it is. */
function plainValue(given: unknown): unknown {
  const message = given as { kind?: Value['kind']; fields?: Record<string, Value>; values?: readonly Value[] }
  if (message.values !== undefined) return message.values.map(plainValue)
  if (message.fields !== undefined) {
    return Object.fromEntries(
      Object.entries(message.fields).map(([name, value]) => [name, plainValue(value)]),
    )
  }
  const { case: type, value } = message.kind ?? { case: undefined }
  if (type === undefined || type === 'nullValue') return null
  return type === 'structValue' || type === 'listValue' ? plainValue(value) : value
}

function asMessage(descriptor: DescMessage, value: unknown): Message {
  return create(descriptor, value as MessageInitShape<DescMessage>) as Message
}

function wrapperEncoder(descriptor: DescMessage): Encode {
  const field = descriptor.fields[0]
  if (field?.fieldKind !== 'scalar') throw new TypeError(`${descriptor.typeName} is no wrapper`)
  const encode = scalarEncoder(field.scalar)
  return (value) => encode((asMessage(descriptor, value) as Message & { value: unknown }).value)
}

interface SecondsAndNanos {
  seconds?: bigint | undefined
  nanos?: number | undefined
}

const FIRST_MINUTE = Date.parse('0001-01-01T00:00:00Z') / 60_000
const LAST_MINUTE = Date.parse('9999-12-31T23:59:00Z') / 60_000
function encodeTimestamp(value: unknown): string {
  const { seconds = 0n, nanos = 0 } = value as SecondsAndNanos
  const whole = Number(seconds)
  const minute = Math.floor(whole / 60)
  if (!(minute >= FIRST_MINUTE && minute <= LAST_MINUTE)) {
    throw new RangeError('A timestamp lies outside the years 1 to 9999')
  }
  const second = whole - minute * 60
  return `"${isoMinute(minute)}${second < 10 ? '0' : ''}${second}${fractionText(nanos)}Z"`
}

function encodeDuration(value: unknown): string {
  const { seconds = 0n, nanos = 0 } = value as SecondsAndNanos
  const sign = seconds < 0n || nanos < 0 ? '-' : ''
  return `"${sign}${seconds < 0n ? -seconds : seconds}${fractionText(Math.abs(nanos))}s"`
}

/** Nothing, or a point and 3, 6 or 9 digits, as ProtoJSON asks. */
function fractionText(nanos: number): string {
  if (nanos === 0) return ''
  const digits = String(nanos).padStart(9, '0')
  if (digits.endsWith('000000')) return `.${digits.slice(0, 3)}`
  return digits.endsWith('000') ? `.${digits.slice(0, 6)}` : `.${digits}`
}

function encodeFieldMask(value: unknown): string {
  const { paths = [] } = value as { paths?: readonly string[] }
  return JSON.stringify(paths.map(protoCamelCase).join(','))
}
