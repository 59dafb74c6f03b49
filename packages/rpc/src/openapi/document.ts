import {
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescService,
  getOption,
} from '@bufbuild/protobuf'
import { idempotent, success_status } from '@mainstay/proto/rpc/v1'
import { type HttpBinding, httpBindings } from '../http-rule/bindings.ts'
import { accessRuleOf } from '../method.ts'
import { type CommentOf, createSchemas, type Schema, type Schemas } from './schema.ts'

export interface OpenApiInput {
  services: readonly DescService[]
  version: string
  /** The comment above a declaration in the contract, without its markers. */
  commentOf(desc: Parameters<CommentOf>[0] | DescService | DescMethod): string
  /** Example requests by method, `mainstay.notify.v1.Notify/SendNotification`. */
  examples: Readonly<Record<string, unknown>>
}

/**
 * Makes the OpenAPI 3.1 document of the REST API, from the same parsed HTTP rules that the router serves: what stands
 * in the document is what is served. Pure and deterministic, so that a stale document is found by comparing.
 */
export function createOpenApi(input: OpenApiInput): Schema {
  const schemas = createSchemas(input.commentOf)
  const paths: Record<string, Record<string, Schema>> = {}
  for (const service of input.services) {
    for (const method of service.methods) {
      httpBindings(method).forEach((binding, index) => {
        const path = pathOf(binding)
        paths[path] ??= {}
        paths[path][binding.httpMethod.toLowerCase()] = describeOperation(
          input,
          schemas,
          method,
          binding,
          index,
        )
      })
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mainstay',
      version: input.version,
      description: 'One backend platform underneath your apps. Every failure has a stable reason and a page.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }],
    tags: input.services.map((service) => ({ name: service.name, description: input.commentOf(service) })),
    paths,
    components: {
      schemas: { ...schemas.collected(), Error: ERROR },
      securitySchemes: SECURITY,
      responses: RESPONSES,
    },
  }
}

function describeOperation(
  { commentOf, examples }: OpenApiInput,
  schemas: Schemas,
  method: DescMethod,
  binding: HttpBinding,
  index: number,
): Schema {
  const name = `${method.parent.typeName}/${method.name}`
  const rule = accessRuleOf(name, method)
  const comment = commentOf(method)
  const parameters = [
    ...pathParameters(binding, schemas, commentOf),
    ...queryParameters(method, binding, schemas, commentOf),
    ...(getOption(method, idempotent) ? [IDEMPOTENCY_KEY] : []),
  ]
  return {
    operationId: index === 0 ? method.name : `${method.name}${index + 1}`,
    tags: [method.parent.name],
    summary: firstSentence(comment),
    description: comment.replace(/`([a-z_]+\.[a-z_0-9]+)`/g, '[`$1`](/docs/errors/$1)'),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...requestBody(method, binding, schemas, examples[name]),
    responses: {
      [String(getOption(method, success_status) || 200)]: answer(method, binding, schemas),
      default: { $ref: '#/components/responses/Error' },
    },
    security: [
      ...(rule.apiKeyScope === '' ? [] : [{ apiKey: [] }]),
      ...(rule.permission === '' ? [] : [{ session: [] }]),
      ...(rule.account ? [{ accessToken: [] }] : []),
    ],
    ...(rule.permission === '' ? {} : { 'x-permission': rule.permission }),
    ...(rule.apiKeyScope === '' ? {} : { 'x-api-key-scope': rule.apiKeyScope }),
    'x-reasons': [...comment.matchAll(/`([a-z_]+\.[a-z_0-9]+)`/g)].map(([, reason]) => reason),
  }
}

/** OpenAPI's paths have one form of variable: `{recipient.recipientId}`, without a pattern. */
function pathOf({ template, pathFields }: HttpBinding): string {
  let index = 0
  return template.text.replace(/\{[^}]*\}/g, () => `{${parameterName(pathFields[index++] ?? [])}}`)
}

function pathParameters({ pathFields }: HttpBinding, schemas: Schemas, commentOf: CommentOf): Schema[] {
  return pathFields.map((fields) => ({
    description: commentOf(fields.at(-1) as DescField),
    name: parameterName(fields),
    in: 'path',
    required: true,
    schema: schemas.ofField(fields.at(-1) as DescField),
  }))
}

/** Every field that stands neither in the path nor in the body may be given in the query, nested ones with dots. */
function queryParameters(
  method: DescMethod,
  binding: HttpBinding,
  schemas: Schemas,
  commentOf: CommentOf,
): Schema[] {
  if (binding.body === 'whole') return []
  const taken = new Set(binding.pathFields.map(parameterName))
  if (typeof binding.body === 'object') taken.add(binding.body.jsonName)
  return collect(method.input, [])

  function collect(message: DescMessage, above: DescField[]): Schema[] {
    return message.fields.flatMap((field) => {
      const path = [...above, field]
      const name = parameterName(path)
      const schema = schemas.ofField(field)
      if (taken.has(name) || field.fieldKind === 'map' || above.includes(field)) return []
      // A message with fields of its own is spread out; one with a plain JSON form, such as a time, is one value.
      if (field.fieldKind === 'message' && '$ref' in schema) return collect(field.message, path)
      return [
        {
          name,
          in: 'query',
          description: commentOf(field),
          schema,
          ...(field.fieldKind === 'list' ? { explode: true } : {}),
        },
      ]
    })
  }
}

function requestBody(method: DescMethod, { body }: HttpBinding, schemas: Schemas, example: unknown): Schema {
  if (body === 'none') return {}
  const schema = body === 'whole' ? schemas.refer(method.input) : schemas.ofField(body)
  const content = { 'application/json': { schema, ...(example === undefined ? {} : { example }) } }
  return { requestBody: { required: true, content } }
}

function answer(method: DescMethod, { responseField }: HttpBinding, schemas: Schemas): Schema {
  const schema = responseField ? schemas.ofField(responseField) : schemas.refer(method.output)
  if (method.methodKind !== 'server_streaming') {
    return { description: 'It is done.', content: { 'application/json': { schema } } }
  }
  return {
    description:
      'The stream: server-sent events, or one JSON document a line when `application/x-ndjson` is accepted.',
    content: { 'text/event-stream': { schema }, 'application/x-ndjson': { schema } },
  }
}

function parameterName(fields: readonly DescField[]): string {
  return fields.map((field) => field.jsonName).join('.')
}

function firstSentence(comment: string): string {
  return (/^[^.]*\./.exec(comment.replace(/\s+/g, ' '))?.[0] ?? comment).trim()
}

const IDEMPOTENCY_KEY: Schema = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'Your own key, 1 to 255 characters. The same key with the same request has one effect, for 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}

const ERROR: Schema = {
  type: 'object',
  description: 'Every failure, in one shape.',
  properties: {
    error: {
      type: 'object',
      properties: {
        code: { type: 'string', description: 'One of the 16 gRPC codes.', examples: ['not_found'] },
        reason: {
          type: 'string',
          description: 'Stable: branch on it.',
          examples: ['notify.message_not_found'],
        },
        message: { type: 'string', description: 'For people: what to do.' },
        details: {
          type: 'array',
          description: 'The fields that were refused.',
          items: {
            type: 'object',
            properties: {
              field: { type: 'string', description: 'Its JSON path.', examples: ['to.email'] },
              description: { type: 'string' },
            },
            required: ['field', 'description'],
          },
        },
        requestId: { type: 'string', examples: ['req_01h455vb4pex5vsknk084sn02q'] },
        docs: { type: 'string', description: 'The page of the reason.' },
      },
      required: ['code', 'reason', 'message', 'details', 'requestId', 'docs'],
    },
  },
  required: ['error'],
}

const RESPONSES: Schema = {
  Error: {
    description: 'It was refused or failed.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  },
}

const SECURITY: Schema = {
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: "An account's access token.",
  },
  apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: `msk_test_…` or `msk_live_…`.' },
  session: { type: 'apiKey', in: 'cookie', name: 'mainstay_session', description: "An operator's session." },
}
