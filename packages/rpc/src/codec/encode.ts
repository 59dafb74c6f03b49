import type { DescField, DescMessage, Message, MessageInitShape } from '@bufbuild/protobuf'
import { isWrapper } from './decode-wkt.ts'
import { type Encode, enumEncoder, isZero, quote, scalarEncoder } from './encode-scalar.ts'
import { canonicalWellKnownEncoder, wellKnownEncoder } from './encode-wkt.ts'
import { sortedJson } from './sorted-json.ts'

/** A message, or what `create` would make one of: fields may be left out. */
export type Encodable = Message | MessageInitShape<DescMessage>

type Fields = Readonly<Record<string, unknown>>
/** Appends `,"name":value` for a field that is set. */
type WriteField = (text: string, message: Fields) => string

/** How one kind of text is written, and the encoders that were put together for it. */
interface Form {
  readonly encoders: WeakMap<DescMessage, Encode>
  readonly json: Encode
  readonly names: (entries: Fields) => string[]
  readonly wellKnown: (descriptor: DescMessage) => Encode | undefined
}

const protoJson: Form = {
  encoders: new WeakMap(),
  json: JSON.stringify,
  names: Object.keys,
  wellKnown: wellKnownEncoder,
}

const canonical: Form = {
  encoders: new WeakMap(),
  json: sortedJson,
  names: (entries) => Object.keys(entries).sort(),
  wellKnown: canonicalWellKnownEncoder,
}

/**
 * The encoder of a message type to ProtoJSON text, put together once. It takes what a handler returns as it is, whole
 * message or initialiser, so nothing is copied first; fields at their default are left out, as ProtoJSON does by default.
 * encode.property.test.ts holds it against `toJson`.
 */
export function messageEncoder(descriptor: DescMessage): (value: Encodable) => string {
  return encoderOf(descriptor, protoJson)
}

/**
 * The encoder of a message type to text that is the same for requests that mean the same: whatever their protocol, the
 * order of their members and map keys, and fields added to the contract since. Never throws; for hashing, not for reading.
 */
export function canonicalEncoder(descriptor: DescMessage): (value: Encodable) => string {
  return encoderOf(descriptor, canonical)
}

function encoderOf(descriptor: DescMessage, form: Form): Encode {
  return form.encoders.get(descriptor) ?? compile(descriptor, form)
}

function compile(descriptor: DescMessage, form: Form): Encode {
  const { encoders } = form
  const wellKnown = form.wellKnown(descriptor)
  if (wellKnown !== undefined) {
    encoders.set(descriptor, wellKnown)
    return wellKnown
  }
  const writers: WriteField[] = []
  function encode(value: unknown): string {
    let text = ''
    for (let i = 0; i < writers.length; i++) text = (writers[i] as WriteField)(text, value as Fields)
    return text === '' ? '{}' : `{${text.slice(1)}}`
  }
  // Known before its fields are compiled, so that a message may hold itself.
  encoders.set(descriptor, encode)
  for (const field of descriptor.fields.toSorted((a, b) => a.number - b.number))
    writers.push(fieldWriter(field, form))
  return encode
}

/** The encoder of one field's value, for an HTTP rule's `response_body`. An unset one becomes its empty form. */
export function fieldEncoder(field: DescField): (value: Encodable) => string {
  const { localName } = field
  const encode = itemEncoder(field, protoJson)
  if (field.fieldKind === 'list') {
    return (value) => encodeList((value as Fields)[localName], encode)
  }
  if (field.fieldKind === 'map') {
    return (value) => encodeMap((value as Fields)[localName], encode, protoJson)
  }
  return (value) => {
    const one = (value as Fields)[localName]
    return one === undefined ? 'null' : encode(one)
  }
}

function fieldWriter(field: DescField, form: Form): WriteField {
  const { localName } = field
  const key = `,${JSON.stringify(field.jsonName)}:`
  const encode = itemEncoder(field, form)
  if (field.fieldKind === 'list') {
    return (text, message) => {
      const items = message[localName] as readonly unknown[] | undefined
      return items === undefined || items.length === 0 ? text : text + key + encodeList(items, encode)
    }
  }
  if (field.fieldKind === 'map') {
    return (text, message) => {
      const written = encodeMap(message[localName], encode, form)
      return written === '{}' ? text : text + key + written
    }
  }
  if (field.oneof !== undefined) {
    const oneofName = field.oneof.localName
    return (text, message) => {
      const oneof = message[oneofName] as { case?: string; value?: unknown } | undefined
      return oneof?.case === localName ? text + key + encode(oneof.value) : text
    }
  }
  if (field.fieldKind === 'message' || field.presence !== IMPLICIT) {
    return (text, message) => {
      const value = message[localName]
      return value === undefined ? text : text + key + encode(value)
    }
  }
  const zeroText = 'longAsString' in field && field.longAsString ? '0' : ''
  return (text, message) => {
    const value = message[localName]
    return isZero(value) || value === zeroText ? text : text + key + encode(value)
  }
}

/** google.protobuf.FeatureSet.FieldPresence.IMPLICIT */
const IMPLICIT = 2

function encodeList(items: unknown, encode: Encode): string {
  let text = ''
  for (const item of (items ?? []) as readonly unknown[])
    text += text === '' ? encode(item) : `,${encode(item)}`
  return `[${text}]`
}

function encodeMap(given: unknown, encode: Encode, { names }: Form): string {
  let text = ''
  const entries = (given ?? {}) as Fields
  for (const key of names(entries)) {
    text += `${text === '' ? '' : ','}${quote(key)}:${encode(entries[key])}`
  }
  return `{${text}}`
}

function itemEncoder(field: DescField, form: Form): Encode {
  if (field.enum !== undefined) return enumEncoder(field.enum)
  if (field.message === undefined) return scalarEncoder(field.scalar)
  const { message } = field
  // A Struct field holds the JSON object itself, and a wrapper in a plain field its bare value.
  if (message.typeName === 'google.protobuf.Struct' && field.parent.typeName !== 'google.protobuf.Value') {
    return form.json
  }
  const value = message.fields[0]
  if (
    isWrapper(message) &&
    field.fieldKind === 'message' &&
    field.oneof === undefined &&
    value?.fieldKind === 'scalar'
  ) {
    return scalarEncoder(value.scalar)
  }
  return encoderOf(message, form)
}
