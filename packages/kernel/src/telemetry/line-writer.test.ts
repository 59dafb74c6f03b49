import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { lineWriter } from './line-writer.ts'
import { createLogger } from './log.ts'

test('a stream that is not pino’s own gets each line at once and whole', () => {
  const written: string[] = []
  const write = lineWriter(createLogger({ stream: { write: (line) => void written.push(line) } }))
  write('{"a":1}')
  write('{"b":2}')
  assert.deepEqual(written, ['{"a":1}\n', '{"b":2}\n'])
})

test('lines that wait when the process exits are written', () => {
  const url = (name: string) => new URL(name, import.meta.url).href
  const program = `
    const { createLogger } = await import(${JSON.stringify(url('./log.ts'))})
    const { lineWriter } = await import(${JSON.stringify(url('./line-writer.ts'))})
    const write = lineWriter(createLogger())
    write('{"a":1}')
    write('{"b":2}')
    process.exit(0)
  `
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  assert.equal(output, '{"a":1}\n{"b":2}\n')
})
