import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { base64Decode } from '@bufbuild/protobuf/wire'
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'
import type { Plugin } from 'vite'

const VALIDATE_IMPORT = /import \{ file_buf_validate_validate \} from "[^"]+";/

/**
 * Takes the validation rules out of the generated contracts. The server validates; to the console the rules are 20 kB of
 * gzipped descriptors that nothing reads. Of methods the options stay that the SDK finds its routes in.
 *
 * What is left stands as it is, and becomes base64 in the browser: names that come again and again stand at any of three places
 * in base64, which keeps gzip from seeing them.
 */
export function slimContracts(): Plugin {
  return {
    name: 'mainstay:slim-contracts',
    enforce: 'pre',
    transform(code, id) {
      if (!/\/proto\/gen\/.*_pb\.js$/.test(id) || !VALIDATE_IMPORT.test(code)) return null
      const slim = code
        .replace(VALIDATE_IMPORT, '')
        .replace(/file_buf_validate_validate\s*,?/, '')
        .replace(/(?<=fileDesc\()"([^"]+)"/, (_, encoded: string) => withoutFieldOptions(encoded))
      if (slim.includes('buf_validate'))
        throw new Error(`${id} uses the validation rules in a way that is not known`)
      return { code: slim, map: null }
    },
  }
}

/** What the SDK reads of a method: `google.api.http` and `mainstay.rpc.v1.idempotent`. */
const READ_OPTIONS: ReadonlySet<number> = new Set([72295728, 50101])

/** The descriptor as an expression. */
function withoutFieldOptions(encoded: string): string {
  const file = fromBinary(FileDescriptorProtoSchema, base64Decode(encoded))
  for (const message of file.messageType) strip(message)
  for (const one of file.enumType) stripEnum(one)
  for (const { options } of file.service.flatMap(({ method }) => method)) {
    if (options?.$unknown) options.$unknown = options.$unknown.filter(({ no }) => READ_OPTIONS.has(no))
  }
  const characters = String.fromCharCode(...toBinary(FileDescriptorProtoSchema, file))
  return `btoa(${JSON.stringify(characters)})`
}

/** Our own options and buf's are extensions, which are unknown fields here; known ones (`map_entry`) have to stay. */
function strip(message: DescriptorProto): void {
  for (const part of [message, ...message.field, ...message.oneofDecl]) delete part.options?.$unknown
  for (const nested of message.nestedType) strip(nested)
  for (const one of message.enumType) stripEnum(one)
}

function stripEnum(one: EnumDescriptorProto): void {
  for (const part of [one, ...one.value]) delete part.options?.$unknown
}
