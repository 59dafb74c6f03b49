import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'

/** What a process saw and did, one line each, in the order of events. Written by whoever did it, read when all is over. */
export interface Journal {
  note(...fields: readonly (string | number)[]): void
  close(): Promise<void>
}

export function openJournal(path: string): Journal {
  const stream = createWriteStream(path, { highWaterMark: 1 << 20 })
  return {
    note(...fields) {
      stream.write(`${fields.join(' ')}\n`)
    },
    async close() {
      stream.end()
      await once(stream, 'finish')
    },
  }
}

/** The lines of a journal, as fields, in batches. */
export async function* readJournal(path: string, size = 20_000): AsyncGenerator<string[][]> {
  let batch: string[][] = []
  for await (const line of createInterface({ input: createReadStream(path) })) {
    batch.push(line.split(' '))
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
