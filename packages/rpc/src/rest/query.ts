import type { DescField, Message } from '@bufbuild/protobuf'
import { itemDecoder, messageDecoder, type Target } from '../codec/decode.ts'
import type { Decode } from '../codec/decode-scalar.ts'
import type { DecodeState } from '../codec/decode-state.ts'

/** Sets one field, named by its path, from text. */
export interface TextSetter {
  /** The field's JSON path: `filter.states`. */
  readonly path: string
  readonly repeated: boolean
  set(message: Message & Target, text: string, state: DecodeState): void
}

/**
 * The setter for a path of fields; undefined when the last one cannot be written as text: messages without a text form,
 * lists of messages without one, and maps (google/api/http.proto).
 */
export function textSetter(fields: readonly DescField[]): TextSetter | undefined {
  const last = fields.at(-1)
  if (last === undefined || !hasTextForm(last)) return
  const parents = fields.slice(0, -1)
  if (parents.some((parent) => parent.fieldKind !== 'message')) return
  const decode = textDecoder(last)
  const path = fields.map((field) => field.jsonName).join('.')
  return {
    path,
    repeated: last.fieldKind === 'list',
    set(message, text, state) {
      const target = descend(message, parents, path, state)
      if (target === undefined) return
      if (last.fieldKind === 'list') {
        const items = target[last.localName] as unknown[]
        const item = decode(text, state, `${path}[${items.length}]`)
        if (item !== undefined) items.push(item)
        return
      }
      const value = decode(text, state, path)
      if (value === undefined) return
      if (last.oneof === undefined) target[last.localName] = value
      else setOneof(target, last, value, path, state)
    },
  }
}

/** The message that holds the last field, made on the way where it is missing. */
function descend(
  message: Target,
  parents: readonly DescField[],
  path: string,
  state: DecodeState,
): Target | undefined {
  let target: Target = message
  for (const parent of parents) {
    const schema = parent.message
    if (schema === undefined) return
    if (parent.oneof === undefined) {
      target[parent.localName] ??= messageDecoder(schema).blank()
      target = target[parent.localName] as Target
    } else {
      const oneof = target[parent.oneof.localName] as { case: string | undefined; value?: unknown }
      if (
        oneof.case !== parent.localName &&
        !setOneof(target, parent, messageDecoder(schema).blank(), path, state)
      )
        return
      target = (target[parent.oneof.localName] as { value: Target }).value
    }
  }
  return target
}

function setOneof(
  target: Target,
  field: DescField,
  value: unknown,
  path: string,
  state: DecodeState,
): boolean {
  const oneofName = field.oneof?.localName ?? ''
  const other = (target[oneofName] as { case: string | undefined }).case
  if (other !== undefined && other !== field.localName) {
    state.invalid(path, `Only one field of "${oneofName}" may be set, and ${other} is set too.`)
    return false
  }
  target[oneofName] = { case: field.localName, value }
  return true
}

const TEXT_MESSAGES =
  /^google\.protobuf\.(?:Timestamp|Duration|FieldMask|(?:Double|Float|U?Int(?:32|64)|Bool|String|Bytes)Value)$/

function hasTextForm(field: DescField): boolean {
  if (field.fieldKind === 'map') return false
  return field.message === undefined || TEXT_MESSAGES.test(field.message.typeName)
}

/** A field's decoder for text: what JSON writes without quotes is read from its text first. */
function textDecoder(field: DescField): Decode {
  const decode = itemDecoder(field)
  const scalar = field.message?.fields[0]?.scalar ?? field.scalar
  const isBool =
    scalar === BOOL && (field.message === undefined || field.message.typeName.endsWith('.BoolValue'))
  if (isBool) {
    return (text, state, step) =>
      decode(text === 'true' ? true : text === 'false' ? false : text, state, step)
  }
  if (field.enum !== undefined) {
    return (text, state, step) =>
      decode(/^-?\d{1,10}$/.test(text as string) ? Number(text) : text, state, step)
  }
  return decode
}

/** ScalarType.BOOL */
const BOOL = 8

/** The names and values of a query string, in order; `+` is a space. Undefined when an escape is malformed. */
export function parseQuery(query: string): [name: string, value: string][] | undefined {
  const pairs: [string, string][] = []
  if (query === '') return pairs
  try {
    for (const part of query.split('&')) {
      if (part === '') continue
      const equals = part.indexOf('=')
      const name = equals < 0 ? part : part.slice(0, equals)
      pairs.push([decodeText(name), equals < 0 ? '' : decodeText(part.slice(equals + 1))])
    }
  } catch (error) {
    if (error instanceof URIError) return
    throw error
  }
  return pairs
}

function decodeText(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  return spaced.includes('%') ? decodeURIComponent(spaced) : spaced
}
