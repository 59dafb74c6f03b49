import { create, type DescMessage, type Message } from '@bufbuild/protobuf'
import { protoSnakeCase } from '@bufbuild/protobuf/reflect'
import {
  type Duration,
  type FieldMask,
  FieldMaskSchema,
  type ListValue,
  type Struct,
  type Timestamp,
  type Value,
} from '@bufbuild/protobuf/wkt'
import { type Decode, scalarDecoder } from './decode-scalar.ts'
import { type DecodeState, kindOf, MapKey, type Step } from './decode-state.ts'

/** The decoder of a well-known type that JSON writes in a form of its own; undefined for every other message. */
export function wellKnownDecoder(descriptor: DescMessage): Decode | undefined {
  switch (descriptor.typeName) {
    case 'google.protobuf.Timestamp':
      return decodeTimestamp
    case 'google.protobuf.Duration':
      return decodeDuration
    case 'google.protobuf.FieldMask':
      return decodeFieldMask
    case 'google.protobuf.Struct':
      return decodeStruct
    case 'google.protobuf.Value':
      return decodeValue
    case 'google.protobuf.ListValue':
      return decodeListValue
    case 'google.protobuf.Any':
      throw new TypeError('google.protobuf.Any is not served: a contract names its types')
    default:
      return isWrapper(descriptor) ? wrapperDecoder(descriptor) : undefined
  }
}

/** Whether the message is one of the wrappers of google/protobuf/wrappers.proto. */
export function isWrapper({ typeName }: DescMessage): boolean {
  return /^google\.protobuf\.(?:Double|Float|U?Int(?:32|64)|Bool|String|Bytes)Value$/.test(typeName)
}

const TIMESTAMP =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z')
const LAST_MS = Date.parse('9999-12-31T23:59:59Z')

/** RFC 3339, from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z, to the nanosecond. No leap seconds. */
function decodeTimestamp(json: unknown, state: DecodeState, step: Step): Timestamp | undefined {
  const match = typeof json === 'string' ? TIMESTAMP.exec(json) : null
  if (match === null) return wrongTimestamp(state, step)
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour, offsetMinute] = match
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  const dayExists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
  date.setUTCHours(Number(hour), Number(minute), Number(second))
  const timeExists = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60
  let ms = date.getTime()
  if (sign !== undefined) {
    if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return wrongTimestamp(state, step)
    const offsetMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000
    ms += sign === '-' ? offsetMs : -offsetMs
  }
  if (!dayExists || !timeExists || ms < FIRST_MS || ms > LAST_MS) return wrongTimestamp(state, step)
  return { $typeName: 'google.protobuf.Timestamp', seconds: BigInt(ms / 1000), nanos: nanosOf(fraction) }
}

function wrongTimestamp(state: DecodeState, step: Step): undefined {
  return state.invalid(step, 'Expected a time like "2026-05-03T10:15:00Z".')
}

const MAX_DURATION_SECONDS = 315_576_000_000n

/** Seconds with up to nine decimals and an `s`: `3s`, `-0.25s`. */
function decodeDuration(json: unknown, state: DecodeState, step: Step): Duration | undefined {
  const match = typeof json === 'string' ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(json) : null
  if (match === null) return state.invalid(step, 'Expected a duration like "90s" or "0.25s".')
  const seconds = BigInt(match[2] as string)
  const nanos = nanosOf(match[3])
  if (seconds > MAX_DURATION_SECONDS || (seconds === MAX_DURATION_SECONDS && nanos > 0)) {
    return state.invalid(step, `Expected a duration of at most ${MAX_DURATION_SECONDS} seconds.`)
  }
  const sign = match[1] === '-' ? -1 : 1
  return { $typeName: 'google.protobuf.Duration', seconds: BigInt(sign) * seconds, nanos: sign * nanos || 0 }
}

function nanosOf(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.padEnd(9, '0'))
}

/** Field paths, parted by commas, in either spelling: `displayName,config.host` or `display_name,config.host`. */
function decodeFieldMask(json: unknown, state: DecodeState, step: Step): FieldMask | undefined {
  if (typeof json !== 'string')
    return state.invalid(step, `Expected field names parted by commas, got ${kindOf(json)}.`)
  if (json === '') return create(FieldMaskSchema)
  const paths = json.split(',')
  if (!paths.every((path) => /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/.test(path))) {
    return state.invalid(step, 'Expected field names parted by commas, like "displayName,config.host".')
  }
  return create(FieldMaskSchema, { paths: paths.map(protoSnakeCase) })
}

function wrapperDecoder(descriptor: DescMessage): Decode {
  const field = descriptor.fields[0]
  if (field?.fieldKind !== 'scalar') throw new TypeError(`${descriptor.typeName} is no wrapper`)
  const decodeScalar = scalarDecoder(field.scalar, field.longAsString)
  return (json, state, step) => {
    const value = decodeScalar(json, state, step)
    return value === undefined ? undefined : create(descriptor, { value } as Record<string, unknown>)
  }
}

/** Free JSON, checked but not copied: the value that `JSON.parse` made is the value the handler gets. */
export function decodeJsonObject(json: unknown, state: DecodeState, step: Step): object | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return state.invalid(step, `Expected an object, got ${kindOf(json)}.`)
  }
  return checkJson(json, state, step) ? json : undefined
}

function checkJson(json: unknown, state: DecodeState, step: Step): boolean {
  if (typeof json === 'string')
    return json.isWellFormed() || failed(state, step, 'The text holds half of a surrogate pair.')
  if (typeof json === 'number')
    return Number.isFinite(json) || failed(state, step, 'The number is out of range.')
  if (typeof json !== 'object' || json === null) return true
  let ok = true
  state.enter(step)
  if (Array.isArray(json)) {
    for (let i = 0; i < json.length; i++) ok = checkJson(json[i], state, i) && ok
  } else {
    for (const key in json) {
      state.members++
      const value = (json as Record<string, unknown>)[key]
      ok = checkKey(key, state) && checkJson(value, state, new MapKey(key)) && ok
    }
  }
  state.leave()
  return ok
}

/** Whether a map may have this key. `__proto__` is refused: copies of the map would lose or, worse, obey it. */
export function checkKey(key: string, state: DecodeState): boolean {
  if (key === '__proto__') return failed(state, new MapKey(key), 'This key is not allowed.')
  return key.isWellFormed() || failed(state, new MapKey(key), 'The key holds half of a surrogate pair.')
}

function failed(state: DecodeState, step: Step, description: string): false {
  state.invalid(step, description)
  return false
}

function decodeStruct(json: unknown, state: DecodeState, step: Step): Struct | undefined {
  return decodeJsonObject(json, state, step) && toStruct(json as Record<string, unknown>)
}

function decodeValue(json: unknown, state: DecodeState, step: Step): Value | undefined {
  return checkJson(json, state, step) ? toValue(json) : undefined
}

function decodeListValue(json: unknown, state: DecodeState, step: Step): ListValue | undefined {
  if (!Array.isArray(json)) return state.invalid(step, `Expected a list, got ${kindOf(json)}.`)
  return checkJson(json, state, step) ? toListValue(json) : undefined
}

function toStruct(json: Record<string, unknown>): Struct {
  const fields: Record<string, Value> = {}
  for (const key in json) fields[key] = toValue(json[key])
  return { $typeName: 'google.protobuf.Struct', fields }
}

function toListValue(json: unknown[]): ListValue {
  return { $typeName: 'google.protobuf.ListValue', values: json.map(toValue) }
}

function toValue(json: unknown): Value {
  return { $typeName: 'google.protobuf.Value', kind: kindOfValue(json) } satisfies Message & Value
}

function kindOfValue(json: unknown): Value['kind'] {
  if (typeof json === 'string') return { case: 'stringValue', value: json }
  if (typeof json === 'number') return { case: 'numberValue', value: json }
  if (typeof json === 'boolean') return { case: 'boolValue', value: json }
  if (Array.isArray(json)) return { case: 'listValue', value: toListValue(json) }
  if (json === null) return { case: 'nullValue', value: 0 }
  return { case: 'structValue', value: toStruct(json as Record<string, unknown>) }
}
