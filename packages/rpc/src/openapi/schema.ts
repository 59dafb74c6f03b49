import {
  type DescEnum,
  type DescField,
  type DescMessage,
  getOption,
  hasOption,
  ScalarType,
} from '@bufbuild/protobuf'
import { field as fieldRulesOption } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'

/** A JSON Schema (draft 2020-12, the dialect of OpenAPI 3.1). */
export type Schema = { [keyword: string]: unknown }

/** Where a declaration's comment comes from: descriptors of a running program carry none. */
export type CommentOf = (desc: DescMessage | DescField | DescEnum | DescEnum['values'][number]) => string

/** The schemas of messages and enums, each made once and referred to by name. */
export interface Schemas {
  /** `#/components/schemas/…` of a message; its schema and all it needs are collected. */
  refer(message: DescMessage): Schema
  /** The schema of a field's value as it stands in JSON. */
  ofField(field: DescField): Schema
  /** All that was referred to, by name. */
  collected(): Record<string, Schema>
}

/** ProtoJSON's own forms for the well-known types (protobuf.dev/programming-guides/json). */
const WELL_KNOWN: Record<string, Schema> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time', examples: ['2030-01-31T09:00:00Z'] },
  'google.protobuf.Duration': { type: 'string', pattern: '^-?\\d+(\\.\\d{1,9})?s$', examples: ['90s'] },
  'google.protobuf.FieldMask': { type: 'string', examples: ['displayName,enabled'] },
  'google.protobuf.Struct': { type: 'object', additionalProperties: true },
  'google.protobuf.Value': {},
  'google.protobuf.ListValue': { type: 'array', items: {} },
  'google.protobuf.Empty': { type: 'object' },
  'google.protobuf.Any': { type: 'object', properties: { '@type': { type: 'string' } } },
  'google.protobuf.BoolValue': { type: ['boolean', 'null'] },
  'google.protobuf.StringValue': { type: ['string', 'null'] },
  'google.protobuf.BytesValue': { type: ['string', 'null'], contentEncoding: 'base64' },
  'google.protobuf.DoubleValue': { type: ['number', 'null'] },
  'google.protobuf.FloatValue': { type: ['number', 'null'] },
  'google.protobuf.Int32Value': { type: ['integer', 'null'] },
  'google.protobuf.UInt32Value': { type: ['integer', 'null'] },
  'google.protobuf.Int64Value': { type: ['string', 'null'], format: 'int64' },
  'google.protobuf.UInt64Value': { type: ['string', 'null'], format: 'uint64' },
}

/** Makes the schemas of one document. */
export function createSchemas(commentOf: CommentOf): Schemas {
  const schemas = new Map<string, Schema>()

  function refer(message: DescMessage): Schema {
    const known = WELL_KNOWN[message.typeName]
    if (known !== undefined) return known
    const name = message.typeName
    if (!schemas.has(name)) {
      schemas.set(name, {})
      schemas.set(name, describeMessage(message))
    }
    return { $ref: `#/components/schemas/${name}` }
  }

  function referEnum(enumeration: DescEnum): Schema {
    const name = enumeration.typeName
    if (!schemas.has(name)) {
      const values = enumeration.values.map((value) => `- \`${value.name}\`: ${oneLine(commentOf(value))}`)
      schemas.set(name, {
        type: 'string',
        enum: enumeration.values.map((value) => value.name),
        description: [commentOf(enumeration), '', ...values].join('\n'),
      })
    }
    return { $ref: `#/components/schemas/${name}` }
  }

  function describeMessage(message: DescMessage): Schema {
    const properties: Record<string, Schema> = {}
    const required: string[] = []
    for (const field of message.fields) {
      properties[field.jsonName] = withComment(ofField(field), fieldComment(field))
      if (hasOption(field, fieldRulesOption) && getOption(field, fieldRulesOption).required)
        required.push(field.jsonName)
    }
    return {
      type: 'object',
      description: commentOf(message),
      properties,
      ...(required.length > 0 ? { required } : {}),
      additionalProperties: false,
    }
  }

  function fieldComment(field: DescField): string {
    const others = field.oneof?.fields
      .filter((other) => other !== field)
      .map((other) => `\`${other.jsonName}\``)
    const note = others && others.length > 0 ? ` Excludes ${others.join(', ')}.` : ''
    return commentOf(field) + note
  }

  function ofField(field: DescField): Schema {
    switch (field.fieldKind) {
      case 'list':
        return { type: 'array', items: valueSchema(field), ...listLimits(field) }
      case 'map':
        return { type: 'object', additionalProperties: valueSchema(field) }
      default:
        return { ...valueSchema(field), ...valueLimits(field) }
    }
  }

  function valueSchema(field: DescField): Schema {
    if (field.message) return refer(field.message)
    if (field.enum) return referEnum(field.enum)
    return scalarSchema(field.scalar ?? ScalarType.STRING)
  }

  return {
    refer,
    ofField,
    collected: () => Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

function scalarSchema(scalar: ScalarType): Schema {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' }
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' }
    case ScalarType.BOOL:
      return { type: 'boolean' }
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: 'number' }
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return { type: 'string', format: 'int64' }
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { type: 'string', format: 'uint64' }
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: 'integer', minimum: 0 }
    default:
      return { type: 'integer', format: 'int32' }
  }
}

/** What the validation rules say, in JSON Schema's words; rules without such words stay with the server. */
function valueLimits(field: DescField): Schema {
  if (!hasOption(field, fieldRulesOption)) return {}
  const { type } = getOption(field, fieldRulesOption)
  if (type.case === 'string') {
    const rules = type.value
    return present({
      minLength: number(rules.minLen),
      maxLength: number(rules.maxLen),
      pattern: rules.pattern || undefined,
      format: rules.wellKnown.case === 'email' ? 'email' : rules.wellKnown.case === 'uri' ? 'uri' : undefined,
    })
  }
  if (type.case === 'int32') {
    const { greaterThan, lessThan } = type.value
    return present({
      minimum: greaterThan.case === 'gte' ? greaterThan.value : undefined,
      maximum: lessThan.case === 'lte' ? lessThan.value : undefined,
    })
  }
  return {}
}

function listLimits(field: DescField): Schema {
  if (!hasOption(field, fieldRulesOption)) return {}
  const { type } = getOption(field, fieldRulesOption)
  if (type.case !== 'repeated') return {}
  return present({
    minItems: number(type.value.minItems),
    maxItems: number(type.value.maxItems),
    uniqueItems: type.value.unique || undefined,
  })
}

/** In OpenAPI 3.1 keywords may stand beside a `$ref`, but many tools still drop them: `allOf` says it to all. */
function withComment(schema: Schema, description: string): Schema {
  if (description === '') return schema
  return '$ref' in schema ? { allOf: [schema], description } : { ...schema, description }
}

function present(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined))
}

function number(value: bigint): number | undefined {
  return value === 0n ? undefined : Number(value)
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
