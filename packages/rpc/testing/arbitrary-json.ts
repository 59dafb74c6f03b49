import type { DescField, DescMessage } from '@bufbuild/protobuf'
import { ScalarType } from '@bufbuild/protobuf'
import fc, { type Arbitrary } from 'fast-check'

/**
 * JSON that resembles a message: the right names with mostly right values, and now and then a wrong type, an unknown name, a
 * null, a number at an edge. Pure noise dies at the first bracket; this gets deep into the decoders.
 */
export function arbitraryJson(descriptor: DescMessage, depth = 2): Arbitrary<unknown> {
  const known = wellKnownJson(descriptor.typeName)
  if (known !== undefined)
    return fc.oneof({ weight: 12, arbitrary: known }, { weight: 1, arbitrary: anything })
  const members = descriptor.fields.map((field) => {
    const value = fieldJson(field, depth)
    const name = fc.constantFrom(field.jsonName, field.jsonName, field.jsonName, field.name)
    return fc.tuple(name, value)
  })
  const stranger = fc.tuple(
    fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('__proto__', 'constructor', '')),
    anything,
  )
  const few: Arbitrary<[string, unknown][]> =
    members.length === 0 ? fc.constant([]) : fc.array(fc.oneof(...members), { maxLength: 6 })
  const strangers = fc.oneof(
    { weight: 15, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(stranger, { maxLength: 2 }) },
  )
  return fc
    .tuple(few, strangers)
    .map(([own, others]) => objectOf([...own, ...(others as [string, unknown][])]))
}

/** As `JSON.parse` makes objects: `__proto__` is a name like any other. */
function objectOf(members: readonly [string, unknown][]): object {
  const object = {}
  for (const [name, value] of members) {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  }
  return object
}

/** A null for a message in a oneof is left to a test of its own: there we follow ProtoJSON, and protobuf-es does not. */
function fieldJson(field: DescField, depth: number): Arbitrary<unknown> {
  const right = rightJson(field, depth)
  if (field.oneof !== undefined && field.message !== undefined) return right
  return fc.oneof(
    { weight: 20, arbitrary: right },
    { weight: 1, arbitrary: anything },
    { weight: 1, arbitrary: fc.constant(null) },
  )
}

function rightJson(field: DescField, depth: number): Arbitrary<unknown> {
  const item = itemJson(field, depth)
  if (field.fieldKind === 'list') return fc.array(item, { maxLength: 3 })
  if (field.fieldKind === 'map') {
    return fc
      .array(fc.tuple(fc.oneof(scalarJson(field.mapKey).map(String), fc.string({ maxLength: 3 })), item), {
        maxLength: 3,
      })
      .map(objectOf)
  }
  return item
}

function itemJson(field: DescField, depth: number): Arbitrary<unknown> {
  if (field.enum !== undefined) {
    const { values } = field.enum
    return fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...values.map(({ name }) => name)) },
      { weight: 2, arbitrary: fc.constantFrom(...values.map(({ number }) => number)) },
      { weight: 1, arbitrary: fc.constantFrom(99, -1, 2 ** 31, 'NO_SUCH', '1') },
    )
  }
  if (field.message === undefined) return scalarJson(field.scalar)
  if (depth === 0) return fc.constant({})
  return arbitraryJson(field.message, depth - 1)
}

const digits = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.constantFrom(0, -1, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53, 2 ** 63, 1.5, 1e300),
)

/** Values that are right for the scalar, or would be for a neighbour of it. */
function scalarJson(scalar: ScalarType): Arbitrary<unknown> {
  switch (scalar) {
    case ScalarType.STRING:
      return fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 10 }),
        fc.constantFrom('\u0000', '\ud800', 'a@example.com'),
      )
    case ScalarType.BOOL:
      return fc.boolean()
    case ScalarType.BYTES:
      return fc.oneof(
        fc.base64String({ maxLength: 12 }),
        fc
          .base64String({ maxLength: 12 })
          .map((value) => value.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_')),
      )
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        digits.map(String),
        fc.constantFrom('NaN', 'Infinity', '-Infinity', '', ' 1', '1e3', 1e39),
      )
    default:
      return fc.oneof(
        digits,
        digits.map(String),
        fc.constantFrom('18446744073709551615', '-9223372036854775808', '007', '1e3', ''),
      )
  }
}

function wellKnownJson(typeName: string): Arbitrary<unknown> | undefined {
  switch (typeName) {
    case 'google.protobuf.Timestamp':
      return fc.oneof(
        fc
          .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
          .map((date) => date.toISOString()),
        fc.constantFrom(
          '2026-02-29T00:00:00Z',
          '2026-05-03T10:15:00.123456789+02:00',
          '9999-12-31T23:59:59.999999999Z',
          '2026-13-01T00:00:00Z',
        ),
      )
    case 'google.protobuf.Duration':
      return fc.oneof(
        fc.tuple(fc.integer(), fc.nat(999_999_999)).map(([s, n]) => `${s}.${String(n).padStart(9, '0')}s`),
        fc.constantFrom('0s', '-0.5s', '1.5', '315576000000s', '3155760000001s'),
      )
    case 'google.protobuf.FieldMask':
      return fc.constantFrom('', 'a', 'displayName', 'a.bC,d', 'a,,b', '-')
    case 'google.protobuf.Struct':
      return fc.dictionary(fc.string({ maxLength: 4 }), anything, { maxKeys: 3, noNullPrototype: true })
    case 'google.protobuf.Value':
      return anything
    case 'google.protobuf.ListValue':
      return fc.array(anything, { maxLength: 3 })
    case 'google.protobuf.BoolValue':
      return fc.boolean()
    case 'google.protobuf.StringValue':
      return fc.string({ maxLength: 5 })
    case 'google.protobuf.BytesValue':
      return scalarJson(ScalarType.BYTES)
    default:
      return /^google\.protobuf\..*Value$/.test(typeName) ? fc.oneof(digits, digits.map(String)) : undefined
  }
}

/** Any JSON value at all. */
export const anything: Arbitrary<unknown> = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown)
