import { type DescEnum, ScalarType } from '@bufbuild/protobuf'
import { type DecodeState, kindOf, type Step } from './decode-state.ts'

/** Reads one JSON value. Gives undefined when it is wrong, after telling the state why. */
export type Decode = (json: unknown, state: DecodeState, step: Step) => unknown

/** The decoder of a scalar type, after the ProtoJSON mapping (protobuf.dev/programming-guides/json). */
export function scalarDecoder(scalar: ScalarType, longAsString = false): Decode {
  switch (scalar) {
    case ScalarType.STRING:
      return decodeString
    case ScalarType.BOOL:
      return decodeBool
    case ScalarType.BYTES:
      return decodeBytes
    case ScalarType.DOUBLE:
      return decodeDouble
    case ScalarType.FLOAT:
      return decodeFloat
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return integerDecoder(-(2 ** 31), 2 ** 31 - 1)
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return integerDecoder(0, 2 ** 32 - 1)
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return longDecoder(-(2n ** 63n), 2n ** 63n - 1n, longAsString)
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return longDecoder(0n, 2n ** 64n - 1n, longAsString)
  }
}

function decodeString(json: unknown, state: DecodeState, step: Step): string | undefined {
  if (typeof json !== 'string') return state.invalid(step, `Expected a string, got ${kindOf(json)}.`)
  if (!json.isWellFormed()) return state.invalid(step, 'The text holds half of a surrogate pair.')
  return json
}

function decodeBool(json: unknown, state: DecodeState, step: Step): boolean | undefined {
  if (typeof json === 'boolean') return json
  return state.invalid(step, `Expected true or false, got ${kindOf(json)}.`)
}

/** Base64 or base64url, with padding or without (RFC 4648 §4 and §5); line breaks and stray bits are refused. */
function decodeBytes(json: unknown, state: DecodeState, step: Step): Uint8Array | undefined {
  if (typeof json !== 'string') return state.invalid(step, `Expected base64 text, got ${kindOf(json)}.`)
  const text = json.endsWith('=') ? json.replace(/={1,2}$/, '') : json
  const paddingFits = text.length === json.length || json.length % 4 === 0
  if (!/^[A-Za-z0-9+/_-]*$/.test(text) || text.length % 4 === 1 || !paddingFits) {
    return state.invalid(step, 'Expected base64 text.')
  }
  return new Uint8Array(Buffer.from(text, 'base64'))
}

const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

function decodeDouble(json: unknown, state: DecodeState, step: Step): number | undefined {
  if (typeof json === 'number' && Number.isFinite(json)) return json
  if (typeof json === 'string') {
    if (json === 'NaN') return Number.NaN
    if (json === 'Infinity') return Number.POSITIVE_INFINITY
    if (json === '-Infinity') return Number.NEGATIVE_INFINITY
    const value = DECIMAL.test(json) ? Number(json) : Number.NaN
    if (Number.isFinite(value)) return value
  }
  if (typeof json === 'number') return state.invalid(step, 'The number is out of range.')
  return state.invalid(step, `Expected a number, got ${kindOf(json)}.`)
}

function decodeFloat(json: unknown, state: DecodeState, step: Step): number | undefined {
  const value = decodeDouble(json, state, step)
  if (value === undefined || !Number.isFinite(value) || Number.isFinite(Math.fround(value))) return value
  return state.invalid(step, 'The number is out of range.')
}

function integerDecoder(least: number, most: number): Decode {
  return (json, state, step) => {
    const value =
      typeof json === 'number'
        ? json
        : typeof json === 'string' && DECIMAL.test(json)
          ? Number(json)
          : Number.NaN
    if (Number.isInteger(value) && value >= least && value <= most) return value
    if (Number.isNaN(value)) return state.invalid(step, `Expected a whole number, got ${kindOf(json)}.`)
    return state.invalid(step, `Expected a whole number from ${least} to ${most}.`)
  }
}

/**
 * 64-bit integers are written as strings. A JSON number is taken as long as it is exact: from 2^53 on it may already
 * have been rounded by whoever wrote or read it, and then it is refused instead of being quietly another number.
 */
function longDecoder(least: bigint, most: bigint, asString: boolean): Decode {
  return (json, state, step) => {
    let value: bigint
    if (typeof json === 'string' && /^(?:0|-?[1-9]\d{0,19})$/.test(json)) value = BigInt(json)
    else if (Number.isSafeInteger(json)) value = BigInt(json as number)
    else if (typeof json === 'number' && Number.isInteger(json)) {
      return state.invalid(
        step,
        'Write whole numbers of 2^53 and more as strings: a JSON number this large is not exact.',
      )
    } else
      return state.invalid(step, `Expected a whole number, as a string or a number, got ${kindOf(json)}.`)
    if (value < least || value > most)
      return state.invalid(step, `Expected a whole number from ${least} to ${most}.`)
    return asString ? String(value) : value
  }
}

/** The decoder of an enum: a value's name, or its number. Open enums take any 32-bit number, as their wire form does. */
export function enumDecoder(descriptor: DescEnum): Decode {
  if (descriptor.typeName === 'google.protobuf.NullValue') {
    return (json, state, step) =>
      json === null || json === 0 || json === 'NULL_VALUE'
        ? 0
        : state.invalid(step, `Expected null, got ${kindOf(json)}.`)
  }
  const numbers = new Map<unknown, number>()
  for (const { jsonName, number } of descriptor.values) numbers.set(jsonName, number)
  for (const { name, number } of descriptor.values) numbers.set(name, number)
  const known = new Set(numbers.values())
  const names = descriptor.values.map(({ name }) => name)
  const some = names.length > 16 ? `${names.slice(0, 16).join(', ')}, …` : names.join(', ')
  return (json, state, step) => {
    const number = numbers.get(json)
    if (number !== undefined) return number
    if (typeof json === 'number' && (descriptor.open ? (json | 0) === json : known.has(json))) return json
    return state.invalid(step, `Expected one of ${some}.`)
  }
}
