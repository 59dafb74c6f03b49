import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFences } from './fences.ts'

const read = (text: string) =>
  readFences('a.md', text).map(({ line, language, text }) => [line, language, text])

test('blocks are found with their language and line, and lose the indentation of their list', () => {
  const markdown = 'Text\n```sh\necho 1\n```\n1. Item\n\n   ```ts\n   if (a)\n     b()\n   ```\n'
  assert.deepEqual(read(markdown), [
    [2, 'sh', 'echo 1\n'],
    [7, 'ts', 'if (a)\n  b()\n'],
  ])
})

test('a block without a language has an empty one, and longer fences hold shorter ones', () => {
  assert.deepEqual(read('```\nx\n```\n````text\n```\n````\n'), [
    [1, '', 'x\n'],
    [4, 'text', '```\n'],
  ])
})

test('a block that is never closed is refused', () => {
  assert.throws(() => read('a\n```sh\nb\n'), /a\.md:2 opens a block/)
})
