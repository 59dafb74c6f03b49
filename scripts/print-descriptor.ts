import {
  type DescEnum,
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
  ScalarType,
} from '@bufbuild/protobuf'

/**
 * Prints a proto2 file descriptor as `.proto` source, so that a schema that a package carries only in compiled
 * form can be imported by our contracts. Options on its declarations are left out: they steer that package's own
 * code, which reads its own descriptor.
 */
export function printProtoFile(file: DescFile): string {
  const lines = ['syntax = "proto2";', `package ${file.proto.package};`]
  for (const dependency of file.proto.dependency) lines.push(`import "${dependency}";`)
  for (const message of file.messages) printMessage(lines, message, '')
  for (const enumeration of file.enums) printEnum(lines, enumeration, '')
  for (const extension of file.extensions) printExtension(lines, extension, '')
  return `${lines.join('\n')}\n`
}

function printMessage(lines: string[], message: DescMessage, indent: string): void {
  lines.push(`${indent}message ${message.name} {`)
  const inner = `${indent}  `
  for (const member of message.members) {
    if (member.kind === 'field') {
      printField(lines, member, inner)
      continue
    }
    lines.push(`${inner}oneof ${member.name} {`)
    for (const field of member.fields)
      lines.push(`${inner}  ${typeOf(field)} ${field.name} = ${field.number};`)
    lines.push(`${inner}}`)
  }
  for (const nested of message.nestedMessages) {
    if (!nested.proto.options?.mapEntry) printMessage(lines, nested, inner)
  }
  for (const nested of message.nestedEnums) printEnum(lines, nested, inner)
  for (const range of message.proto.extensionRange) {
    const last = (range.end ?? 0) > 536870911 ? 'max' : String((range.end ?? 1) - 1)
    lines.push(`${inner}extensions ${range.start} to ${last};`)
  }
  lines.push(`${indent}}`)
}

function printField(lines: string[], field: DescField, indent: string): void {
  if (field.fieldKind === 'map') {
    lines.push(`${indent}${typeOf(field)} ${field.name} = ${field.number};`)
    return
  }
  const label = field.fieldKind === 'list' ? 'repeated' : 'optional'
  lines.push(`${indent}${label} ${typeOf(field)} ${field.name} = ${field.number};`)
}

function printEnum(lines: string[], enumeration: DescEnum, indent: string): void {
  lines.push(`${indent}enum ${enumeration.name} {`)
  if (enumeration.proto.options?.allowAlias) lines.push(`${indent}  option allow_alias = true;`)
  for (const value of enumeration.values) lines.push(`${indent}  ${value.name} = ${value.number};`)
  lines.push(`${indent}}`)
}

function printExtension(lines: string[], extension: DescExtension, indent: string): void {
  const label = extension.fieldKind === 'list' ? 'repeated' : 'optional'
  lines.push(`${indent}extend .${extension.extendee.typeName} {`)
  lines.push(`${indent}  ${label} ${typeOf(extension)} ${extension.name} = ${extension.number};`)
  lines.push(`${indent}}`)
}

function typeOf(field: DescField | DescExtension): string {
  if (field.fieldKind === 'map') {
    const value =
      field.mapKind === 'message'
        ? `.${field.message.typeName}`
        : field.mapKind === 'enum'
          ? `.${field.enum.typeName}`
          : scalarName(field.scalar)
    return `map<${scalarName(field.mapKey)}, ${value}>`
  }
  if (field.message) return `.${field.message.typeName}`
  if (field.enum) return `.${field.enum.typeName}`
  return scalarName(field.scalar as ScalarType)
}

function scalarName(scalar: ScalarType): string {
  return (ScalarType[scalar] as string).toLowerCase()
}
