import { create, type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf'
import { type Decode, enumDecoder, scalarDecoder } from './decode-scalar.ts'
import { type DecodeState, kindOf, MapKey, type Step } from './decode-state.ts'
import { checkKey, decodeJsonObject, isWrapper, wellKnownDecoder } from './decode-wkt.ts'

/** Writes one JSON value into its field. */
export type ReadField = (target: Target, json: unknown, state: DecodeState) => void

/** A message under construction, seen without its type. */
export type Target = Record<string, unknown>

/** A message's decoder, and its fields' own, by JSON name and by proto name. */
export interface MessageDecoder {
  readonly decode: Decode
  /** An empty message, as `create` makes it. */
  readonly blank: () => Message & Target
  readonly fields: ReadonlyMap<string, FieldDecoder>
}

export interface FieldDecoder {
  readonly field: DescField
  readonly read: ReadField
}

const decoders = new WeakMap<DescMessage, MessageDecoder>()

/**
 * The decoder of a message type, put together once: one closure per field, no reflection while it runs. It accepts
 * what ProtoJSON accepts, by either of a field's names, and reports everything that is wrong instead of the first thing.
 * decode.property.test.ts holds it against `fromJson`.
 */
export function messageDecoder(descriptor: DescMessage): MessageDecoder {
  let decoder = decoders.get(descriptor)
  if (decoder === undefined) {
    decoder = compile(descriptor)
  }
  return decoder
}

function compile(descriptor: DescMessage): MessageDecoder {
  const fields = new Map<string, FieldDecoder>()
  const blank = blankMaker(descriptor)

  function decode(json: unknown, state: DecodeState, step: Step): unknown {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      return state.invalid(step, `Expected an object, got ${kindOf(json)}.`)
    }
    const message = blank()
    state.enter(step)
    for (const name in json) {
      state.members++
      const entry = fields.get(name)
      if (entry === undefined) state.unknown(name)
      else if (name !== entry.field.jsonName && Object.hasOwn(json, entry.field.jsonName)) {
        state.invalid(name, `This field is given twice, also as ${entry.field.jsonName}.`)
      } else entry.read(message, (json as Target)[name], state)
    }
    state.leave()
    return message
  }

  const decoder: MessageDecoder = { decode: wellKnownDecoder(descriptor) ?? decode, blank, fields }
  // Known before its fields are compiled, so that a message may hold itself.
  decoders.set(descriptor, decoder)
  for (const field of descriptor.fields) {
    const entry = { field, read: fieldReader(field) }
    fields.set(field.name, entry)
    fields.set(field.jsonName, entry)
  }
  return decoder
}

/** Copies a prepared message; only what can be changed in place is made anew (half the time of `create`). */
function blankMaker(descriptor: DescMessage): () => Message & Target {
  const template = create(descriptor) as Message & Target
  // Only proto2 messages need their prototype; no contract of ours is one, but options and test messages may be.
  if (Object.getPrototypeOf(template) !== Object.prototype)
    return () => create(descriptor) as Message & Target
  const lists: string[] = []
  const maps: string[] = []
  const oneofs = descriptor.oneofs.map((oneof) => oneof.localName)
  for (const field of descriptor.fields) {
    if (field.fieldKind === 'list') lists.push(field.localName)
    if (field.fieldKind === 'map') maps.push(field.localName)
  }
  return () => {
    const message: Message & Target = { ...template }
    for (const name of lists) message[name] = []
    for (const name of maps) message[name] = {}
    for (const name of oneofs) message[name] = { case: undefined }
    return message
  }
}

function fieldReader(field: DescField): ReadField {
  const name = field.jsonName
  const { localName } = field
  if (field.fieldKind === 'list') return listReader(name, localName, itemDecoder(field))
  if (field.fieldKind === 'map') return mapReader(name, localName, field.mapKey, itemDecoder(field))
  const decode = itemDecoder(field)
  const nullIsValue = takesNull(field)
  if (field.oneof !== undefined)
    return oneofReader(name, localName, field.oneof.localName, decode, nullIsValue)
  return (message, json, state) => {
    if (json === null && !nullIsValue) return
    const value = decode(json, state, name)
    if (value !== undefined) message[localName] = value
  }
}

function oneofReader(
  name: string,
  localName: string,
  oneofName: string,
  decode: Decode,
  nullIsValue: boolean,
): ReadField {
  return (message, json, state) => {
    if (json === null && !nullIsValue) return
    const other = (message[oneofName] as { case: string | undefined }).case
    if (other !== undefined) {
      state.invalid(name, `Only one field of "${oneofName}" may be set, and ${other} is set too.`)
      return
    }
    const value = decode(json, state, name)
    // A wrong value still occupies the oneof, so that a second member is reported as well.
    message[oneofName] = { case: localName, value }
  }
}

function listReader(name: string, localName: string, decode: Decode): ReadField {
  return (message, json, state) => {
    if (json === null) return
    if (!Array.isArray(json)) {
      state.invalid(name, `Expected a list, got ${kindOf(json)}.`)
      return
    }
    const items = message[localName] as unknown[]
    state.enter(name)
    for (let i = 0; i < json.length; i++) {
      const value = decode(json[i], state, i)
      if (value !== undefined) items.push(value)
    }
    state.leave()
  }
}

function mapReader(name: string, localName: string, keyType: ScalarType, decode: Decode): ReadField {
  const readKey = mapKeyReader(keyType)
  return (message, json, state) => {
    if (json === null) return
    if (typeof json !== 'object' || Array.isArray(json)) {
      state.invalid(name, `Expected an object, got ${kindOf(json)}.`)
      return
    }
    const entries = message[localName] as Target
    state.enter(name)
    for (const key in json) {
      state.members++
      const local = readKey(key, state)
      if (local === undefined) continue
      if (Object.hasOwn(entries, local)) {
        state.invalid(new MapKey(key), 'This key is given twice.')
        continue
      }
      const value = decode((json as Target)[key], state, new MapKey(key))
      if (value !== undefined) entries[local] = value
    }
    state.leave()
  }
}

/** Reads a map's key, which JSON always writes as a string. */
function mapKeyReader(keyType: ScalarType): (key: string, state: DecodeState) => string | undefined {
  if (keyType === ScalarType.STRING) return (key, state) => (checkKey(key, state) ? key : undefined)
  if (keyType === ScalarType.BOOL) {
    return (key, state) =>
      key === 'true' || key === 'false'
        ? key
        : state.invalid(new MapKey(key), 'Expected the key true or false.')
  }
  const decode = scalarDecoder(keyType)
  return (key, state) => {
    const value = decode(key, state, new MapKey(key))
    return value === undefined ? undefined : String(value)
  }
}

/** The decoder of a field's single values: itself, its items, its map's values. */
export function itemDecoder(field: DescField): Decode {
  if (field.message !== undefined) return messageItemDecoder(field, field.message)
  if (field.enum !== undefined) return enumDecoder(field.enum)
  return scalarDecoder(field.scalar, 'longAsString' in field && field.longAsString)
}

/**
 * protobuf-es keeps two kinds of fields in a simpler form than their message: a Struct as the JSON object itself, and
 * a wrapper in a plain field as its bare value.
 */
function messageItemDecoder(field: DescField, message: DescMessage): Decode {
  if (message.typeName === 'google.protobuf.Struct' && field.parent.typeName !== 'google.protobuf.Value') {
    return decodeJsonObject
  }
  const value = message.fields[0]
  if (
    isWrapper(message) &&
    field.fieldKind === 'message' &&
    field.oneof === undefined &&
    value?.fieldKind === 'scalar'
  ) {
    return scalarDecoder(value.scalar, value.longAsString)
  }
  const nested = messageDecoder(message)
  return (json, state, step) => nested.decode(json, state, step)
}

/** JSON null means "not set", but for the two types that have null among their values. */
function takesNull(field: DescField): boolean {
  return (
    field.message?.typeName === 'google.protobuf.Value' ||
    field.enum?.typeName === 'google.protobuf.NullValue'
  )
}
