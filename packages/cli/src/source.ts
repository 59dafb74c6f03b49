import { readFile } from 'node:fs/promises'
import { type DescMessage, fromJsonString, type MessageShape } from '@bufbuild/protobuf'
import { CommandError, EXIT } from './failure.ts'

/** The text of a file that a command names; `-` is standard input. */
export async function readSource(file: string): Promise<string> {
  try {
    return await readFile(file === '-' ? '/dev/stdin' : file, 'utf8')
  } catch (cause) {
    throw new CommandError(`${file} cannot be read: ${(cause as Error).message}`, EXIT.usage)
  }
}

/** A message of the contract, written as the API takes it. Throws `CommandError` with what is wrong. */
export function readMessage<M extends DescMessage>(schema: M, file: string, text: string): MessageShape<M> {
  try {
    return fromJsonString(schema, text)
  } catch (cause) {
    const why = (cause as Error).message
    throw new CommandError(`${file} is no ${schema.name} as the API has it in JSON: ${why}`, EXIT.usage)
  }
}
