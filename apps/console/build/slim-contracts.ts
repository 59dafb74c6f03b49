import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { base64Decode, base64Encode } from '@bufbuild/protobuf/wire'
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'
import type { Plugin } from 'vite'

const VALIDATE_IMPORT = /import \{ file_buf_validate_validate \} from "[^"]+";/

/**
 * Takes the validation rules out of the generated contracts. The server validates; to the console the rules are 20 kB of
 * gzipped descriptors that nothing reads. Options of methods stay: the SDK finds its routes in them.
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
        .replace(/(?<=fileDesc\(")[^"]+/, withoutFieldOptions)
      if (slim.includes('buf_validate'))
        throw new Error(`${id} uses the validation rules in a way that is not known`)
      return { code: slim, map: null }
    },
  }
}

function withoutFieldOptions(encoded: string): string {
  const file = fromBinary(FileDescriptorProtoSchema, base64Decode(encoded))
  for (const message of file.messageType) strip(message)
  for (const one of file.enumType) stripEnum(one)
  return base64Encode(toBinary(FileDescriptorProtoSchema, file), 'std_raw')
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
