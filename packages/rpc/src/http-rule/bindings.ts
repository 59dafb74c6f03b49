import { type DescField, type DescMessage, type DescMethod, getOption, hasOption } from '@bufbuild/protobuf'
import { http } from '@mainstay/proto/google/api'
import type { HttpRule } from '@mainstay/proto/google/api/http'
import { type PathTemplate, parseTemplate } from './template.ts'

/** One way to reach a method over REST, with every field path resolved. */
export interface HttpBinding {
  /** `GET`, `POST`, …; or what a `custom` rule names. */
  readonly httpMethod: string
  readonly template: PathTemplate
  /** The fields that the template's variables set, in its order. */
  readonly pathFields: readonly (readonly DescField[])[]
  /** The whole request in the body, one field of it, or no body. */
  readonly body: 'whole' | 'none' | DescField
  /** The field of the answer that becomes the response body; undefined: the whole answer. */
  readonly responseField: DescField | undefined
}

/** Reads a method's `google.api.http` option: its rule and the additional ones. Empty when the method has no option. */
export function httpBindings(method: DescMethod): HttpBinding[] {
  if (!hasOption(method, http)) return []
  const rule = getOption(method, http)
  for (const extra of rule.additionalBindings) {
    if (extra.additionalBindings.length > 0) fail(method, 'additional bindings do not nest')
  }
  return [rule, ...rule.additionalBindings].map((one) => readRule(method, one))
}

function readRule(method: DescMethod, rule: HttpRule): HttpBinding {
  const { pattern } = rule
  if (pattern.case === undefined) fail(method, 'a rule has no path')
  const httpMethod = pattern.case === 'custom' ? pattern.value.kind : pattern.case.toUpperCase()
  const template = parseTemplate(pattern.case === 'custom' ? pattern.value.path : pattern.value)
  const pathFields = template.variables.map(({ fieldPath }) => resolvePath(method, fieldPath))
  const body =
    rule.body === '*' ? 'whole' : rule.body === '' ? 'none' : fieldOf(method, method.input, rule.body)
  if (body !== 'none' && (httpMethod === 'GET' || httpMethod === 'HEAD')) {
    fail(method, `${httpMethod} has no body`)
  }
  if (typeof body === 'object' && body.oneof)
    fail(method, `the body field ${body.name} may not be in a oneof`)
  const responseField =
    rule.responseBody === '' ? undefined : fieldOf(method, method.output, rule.responseBody)
  return { httpMethod, template, pathFields, body, responseField }
}

/** Each field of a path but the last is a message; the last is a scalar or an enum (google/api/http.proto). */
function resolvePath(method: DescMethod, fieldPath: readonly string[]): DescField[] {
  let message: DescMessage | undefined = method.input
  const fields: DescField[] = []
  for (const name of fieldPath) {
    if (message === undefined) fail(method, `${fieldPath.join('.')} leads into a field that is no message`)
    const field: DescField = fieldOf(method, message, name)
    fields.push(field)
    message = field.fieldKind === 'message' ? field.message : undefined
  }
  const last = fields.at(-1)
  if (last?.fieldKind !== 'scalar' && last?.fieldKind !== 'enum') {
    fail(method, `a path variable is a single plain value, ${fieldPath.join('.')} is not`)
  }
  return fields
}

function fieldOf(method: DescMethod, message: DescMessage, name: string): DescField {
  const field = message.fields.find((candidate) => candidate.name === name)
  if (field === undefined) fail(method, `${message.typeName} has no field ${name}`)
  return field
}

function fail(method: DescMethod, problem: string): never {
  throw new TypeError(`The HTTP rule of ${method.parent.typeName}/${method.name} is wrong: ${problem}`)
}
