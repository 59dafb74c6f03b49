import {
  create,
  type DescEnum,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf'
import { AnySchema, anyPack } from '@bufbuild/protobuf/wkt'
import fc, { type Arbitrary } from 'fast-check'

/** Any message of a type whose JSON form exists: well-known types stay within what ProtoJSON can write. */
export function arbitraryMessage(descriptor: DescMessage, depth = 2): Arbitrary<Message> {
  return fc
    .record(
      Object.fromEntries(
        descriptor.fields.map((field) => [
          field.name,
          fc.option(fieldValue(field, depth), { nil: undefined }),
        ]),
      ),
    )
    .map((values) => build(descriptor, values))
}

type Init = Record<string, unknown>

/** Of each oneof, the last member that got a value stays. */
function build(descriptor: DescMessage, values: Record<string, unknown>): Message {
  const message = create(descriptor)
  const init = message as unknown as Record<string, unknown>
  for (const field of descriptor.fields) {
    const value = values[field.name]
    if (value === undefined) continue
    if (field.oneof === undefined) init[field.localName] = value
    else init[field.oneof.localName] = { case: field.localName, value }
  }
  return message
}

function fieldValue(field: DescField, depth: number): Arbitrary<unknown> {
  if (depth === 0 && field.message !== undefined && !isWellKnown(field.message)) return fc.constant(undefined)
  const item = itemValue(field, depth)
  if (field.fieldKind === 'list') return fc.array(item, { maxLength: 3 })
  if (field.fieldKind === 'map') {
    return fc.dictionary(mapKey(field.mapKey), item, { maxKeys: 3, noNullPrototype: true })
  }
  return item
}

function itemValue(field: DescField, depth: number): Arbitrary<unknown> {
  if (field.enum !== undefined) return enumValue(field.enum)
  if (field.message === undefined)
    return scalarValue(field.scalar, 'longAsString' in field && field.longAsString)
  const { typeName } = field.message
  if (typeName === 'google.protobuf.Struct' && field.parent.typeName !== 'google.protobuf.Value')
    return jsonObject
  const wrapped = field.message.fields[0]
  if (typeName.endsWith('Value') && isWellKnown(field.message) && wrapped?.fieldKind === 'scalar') {
    const bare = scalarValue(wrapped.scalar, wrapped.longAsString)
    if (field.fieldKind === 'message' && field.oneof === undefined) return bare
    const wrapper = field.message
    return bare.map((value) => build(wrapper, { value }))
  }
  return wellKnownValue(field.message) ?? arbitraryMessage(field.message, depth - 1)
}

/** Messages that JSON writes in a form of their own. */
function isWellKnown({ typeName }: DescMessage): boolean {
  return typeName.startsWith('google.protobuf.')
}

function wellKnownValue(descriptor: DescMessage): Arbitrary<Message> | undefined {
  const made = (values: Arbitrary<Init>): Arbitrary<Message> =>
    values.map((value) => create(descriptor, value) as Message)
  switch (descriptor.typeName) {
    case 'google.protobuf.Timestamp':
      return made(fc.record({ seconds: fc.bigInt(-62135596800n, 253402300799n), nanos }))
    case 'google.protobuf.Duration':
      return made(
        fc
          .record({ seconds: fc.bigInt(0n, 315575999999n), nanos, negative: fc.boolean() })
          .map((d) =>
            d.negative ? { seconds: -d.seconds, nanos: 0 - d.nanos } : { seconds: d.seconds, nanos: d.nanos },
          ),
      )
    case 'google.protobuf.FieldMask':
      return made(
        fc.record({
          paths: fc.array(fc.stringMatching(/^[a-z]{1,5}(_[a-z]{1,4})?(\.[a-z]{1,4})?$/), { maxLength: 3 }),
        }),
      )
    case 'google.protobuf.Value':
      return jsonValue.map((value) => toValue(descriptor, value))
    case 'google.protobuf.ListValue':
      return fc.array(jsonValue, { maxLength: 3 }).map((values) => listOf(descriptor, values))
    case 'google.protobuf.Any':
      return fc.constant(anyPack(AnySchema, create(AnySchema)))
    default:
      return
  }
}

function toValue(descriptor: DescMessage, json: unknown): Message {
  return create(descriptor, { kind: valueKind(json) } as Init) as Message
}

function valueKind(json: unknown): object {
  if (json === null) return { case: 'nullValue', value: 0 }
  if (typeof json === 'string') return { case: 'stringValue', value: json }
  if (typeof json === 'number') return { case: 'numberValue', value: json }
  if (typeof json === 'boolean') return { case: 'boolValue', value: json }
  if (Array.isArray(json))
    return { case: 'listValue', value: { values: json.map((item) => ({ kind: valueKind(item) })) } }
  const fields = Object.entries(json as object).map(([key, value]) => [key, { kind: valueKind(value) }])
  return { case: 'structValue', value: { fields: Object.fromEntries(fields) } }
}

function listOf(descriptor: DescMessage, values: unknown[]): Message {
  return create(descriptor, {
    values: values.map((value) => ({ kind: valueKind(value) })),
  } as Init) as Message
}

const nanos = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 999 }).map((ms) => ms * 1_000_000),
  fc.nat(999_999_999),
)

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
)

const plainKey = text.filter((key) => key !== '__proto__')

const jsonValue: Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.oneof(
      fc.constant(null),
      fc.boolean(),
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n || 0),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(plainKey, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value

/** Any JSON object that a Struct can hold. */
export const jsonObject = fc.dictionary(plainKey, jsonValue, { maxKeys: 3, noNullPrototype: true })

function enumValue(descriptor: DescEnum): Arbitrary<number> {
  return fc.constantFrom(...descriptor.values.map(({ number }) => number))
}

function mapKey(scalar: ScalarType): Arbitrary<string> {
  if (scalar === ScalarType.STRING) return plainKey
  return scalarValue(scalar, false).map(String)
}

function scalarValue(scalar: ScalarType, longAsString: boolean): Arbitrary<unknown> {
  const long = (values: Arbitrary<bigint>): Arbitrary<unknown> => (longAsString ? values.map(String) : values)
  switch (scalar) {
    case ScalarType.STRING:
      return text
    case ScalarType.BOOL:
      return fc.boolean()
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 8 })
    case ScalarType.DOUBLE:
      return fc.double().map((value) => value || 0)
    case ScalarType.FLOAT:
      return fc.float().map((value) => value || 0)
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return fc.integer({ min: 0, max: 2 ** 32 - 1 })
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return long(fc.bigInt(0n, 2n ** 64n - 1n))
    default:
      return long(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n))
  }
}
