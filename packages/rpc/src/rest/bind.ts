import type { DescField, DescMessage, Message } from '@bufbuild/protobuf'
import { messageDecoder, type Target } from '../codec/decode.ts'
import { DecodeState } from '../codec/decode-state.ts'
import { findDuplicate, type ParsedJson, parseJson } from '../codec/json-text.ts'
import { refuse, refuseFields } from '../errors.ts'
import type { HttpBinding } from '../http-rule/bindings.ts'
import { decodeCapture } from '../http-rule/template.ts'
import { parseQuery, type TextSetter, textSetter } from './query.ts'

/** Puts a request message together from the parts of an HTTP request. Throws with all that is wrong. */
export type ReadRequest = (segments: readonly string[], query: string, body: Buffer) => Message

/** The reader of one HTTP binding, put together once at start. */
export function requestReader(input: DescMessage, binding: HttpBinding, maxJsonDepth: number): ReadRequest {
  const { blank } = messageDecoder(input)
  const readBodyJson = bodyReader(input, binding)
  const setVariables = variableSetter(binding)
  const setQuery = querySetter(input, binding)

  return (segments, query, body) => {
    const state = new DecodeState()
    const parsed = parseJson(body, maxJsonDepth)
    const message = readBodyJson(parsed.value, state) ?? blank()
    refuseDuplicates(state, parsed, body)
    setVariables(message, segments, state)
    if (query !== '') setQuery(message, query, state)
    if (state.violations.length > 0) throw refuseFields(state.violations)
    return message
  }
}

/** Decodes a whole message from a JSON body, for protocols that have nothing but a body. */
export function decodeMessage(input: DescMessage, body: Buffer, maxJsonDepth: number): Message {
  const state = new DecodeState()
  const parsed = parseJson(body, maxJsonDepth)
  const message = messageDecoder(input).decode(parsed.value, state, '')
  refuseDuplicates(state, parsed, body)
  if (state.violations.length > 0) throw refuseFields(state.violations)
  return message as Message
}

function refuseDuplicates(state: DecodeState, parsed: ParsedJson, body: Buffer): void {
  if (state.violations.length > 0 || state.members === parsed.members) return
  state.invalid(findDuplicate(body.toString('utf8')), 'This member is written twice.')
}

type ReadBody = (json: unknown, state: DecodeState) => (Message & Target) | undefined

function bodyReader(input: DescMessage, { body }: HttpBinding): ReadBody {
  const decoder = messageDecoder(input)
  if (body === 'whole')
    return (json, state) => decoder.decode(json, state, '') as (Message & Target) | undefined
  if (body === 'none') {
    return (json, state) => {
      if (!isEmptyObject(json)) state.invalid('', 'This method takes no body.')
      return undefined
    }
  }
  const read = decoder.fields.get(body.jsonName)?.read
  return (json, state) => {
    const message = decoder.blank()
    read?.(message, json, state)
    return message
  }
}

function isEmptyObject(json: unknown): boolean {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && Object.keys(json).length === 0
}

function variableSetter({ template, pathFields }: HttpBinding) {
  const variables = template.variables.map((variable, i) => {
    const fields = pathFields[i] ?? []
    return { ...variable, fields, setter: textSetter(fields) as TextSetter }
  })
  return (message: Message & Target, segments: readonly string[], state: DecodeState): void => {
    for (const { start, end, multi, fields, setter } of variables) {
      const raw = end === start + 1 ? (segments[start] as string) : segments.slice(start, end).join('/')
      const text = decodeCapture(raw, multi)
      if (text === undefined) {
        state.invalid(setter.path, 'The path holds a malformed escape.')
        continue
      }
      const before = valueAt(message, fields)
      setter.set(message, text, state)
      // The body may repeat what the path says, but not contradict it.
      if (before !== undefined && before !== valueAt(message, fields)) {
        state.invalid(setter.path, 'The body says otherwise than the path.')
      }
    }
  }
}

/** The value of a field if it is set to something; undefined for its zero. */
function valueAt(message: Target, fields: readonly DescField[]): unknown {
  let value: unknown = message
  for (const field of fields) {
    const owner = value as Target
    if (field.oneof === undefined) value = owner[field.localName]
    else {
      const oneof = owner[field.oneof.localName] as { case: string | undefined; value?: unknown }
      value = oneof.case === field.localName ? oneof.value : undefined
    }
    if (value === undefined) return
  }
  return value === '' || value === 0 || value === 0n || value === false ? undefined : value
}

/** Query parameters are the fields that stand neither in the path nor in the body (google/api/http.proto). */
function querySetter(input: DescMessage, { body, pathFields }: HttpBinding) {
  const taken = new Set(pathFields.map((fields) => fields.map((field) => field.jsonName).join('.')))
  const bodyField = typeof body === 'object' ? body.jsonName : undefined
  /** By the names that callers use. Bounded, because a message that holds itself has names without end. */
  const known = new Map<string, TextSetter>()

  function find(name: string): TextSetter | undefined {
    const before = known.get(name)
    if (before !== undefined || body === 'whole') return before
    const fields = resolve(input, name)
    const setter = fields && textSetter(fields)
    if (setter === undefined || taken.has(setter.path) || fields?.[0]?.jsonName === bodyField) return
    if (known.size < MAX_KNOWN_NAMES) known.set(name, setter)
    return setter
  }

  return (message: Message & Target, query: string, state: DecodeState): void => {
    const pairs = parseQuery(query)
    if (pairs === undefined) throw refuse('rpc.request_malformed', 'The query holds a malformed escape.')
    const seen = new Set<string>()
    for (const [name, value] of pairs) {
      const setter = find(name)
      if (setter === undefined) state.unknown(name)
      else if (!setter.repeated && seen.has(setter.path))
        state.invalid(setter.path, 'This field is given twice.')
      else {
        seen.add(setter.path)
        setter.set(message, value, state)
      }
    }
  }
}

const MAX_KNOWN_NAMES = 500
/** Deeper than any contract of ours; only a message that holds itself gets there. */
const MAX_NAME_PARTS = 32

/** The fields that a dotted name means, each in either of its spellings. */
function resolve(input: DescMessage, name: string): DescField[] | undefined {
  const fields: DescField[] = []
  const parts = name.split('.')
  if (parts.length > MAX_NAME_PARTS) return
  let message: DescMessage | undefined = input
  for (const part of parts) {
    const field: DescField | undefined = message && messageDecoder(message).fields.get(part)?.field
    if (field === undefined) return
    fields.push(field)
    message = field.fieldKind === 'message' ? field.message : undefined
  }
  return fields
}
