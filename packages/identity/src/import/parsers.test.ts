import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@mainstay/kernel'
import { ImportFormat } from '@mainstay/proto/identity/v1/accounts'
import fc from 'fast-check'
import { CsvError, parseCsv } from './csv.ts'
import { readImport } from './read-file.ts'

const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`
const field = fc.string({ unit: fc.constantFrom('a', 'é', ' ', ',', '"', '\n', '\r\n', '😀'), maxLength: 8 })

test('a CSV that was written by the rules is read as it was', () => {
  const records = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 })
  fc.assert(
    fc.property(records, fc.constantFrom('\n', '\r\n'), (rows, end) => {
      const text = rows.map((row) => row.map(quoted).join(',') + end).join('')
      assert.deepEqual(parseCsv(text), rows)
    }),
  )
})

test('a CSV that breaks the rules is an error with its line, and nothing is guessed', () => {
  for (const [text, line] of [
    ['a,b\nc"d,e', 2],
    ['"a\nb"\n"c', 3],
    ['"a"b,c', 1],
    ['a\rb', 1],
  ] as const) {
    assert.throws(
      () => parseCsv(text),
      (error) => error instanceof CsvError && error.line === line,
      text,
    )
  }
  assert.deepEqual(parseCsv('\uFEFFa,b\n\n1,'), [
    ['a', 'b'],
    ['1', ''],
  ])
})

test('any text at all is a list of rows or is refused in words, in every format', () => {
  const key = fc.constantFrom(
    'user_id',
    'localId',
    'id',
    'email',
    'passwordHash',
    'credentials',
    'attributes',
    '__proto__',
  )
  const value = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.jsonValue({ maxDepth: 2 }),
    fc.constant('a@example.com'),
  )
  const users = fc
    .array(fc.dictionary(key, value, { maxKeys: 5 }), { maxLength: 3 })
    .map((list) => JSON.stringify(list))
  const text = fc.oneof(
    users,
    fc.string({ maxLength: 40 }),
    fc.constant('user_id,email\n').map((head) => `${head}1,x`),
  )
  const formats = [ImportFormat.AUTH0, ImportFormat.KEYCLOAK, ImportFormat.FIREBASE, ImportFormat.COGNITO]
  fc.assert(
    fc.property(text, fc.constantFrom(...formats), (content, format) => {
      try {
        for (const row of readImport(format, content, undefined)) {
          if ('refusal' in row) assert.match(row.refusal, /\.$/)
          else assert.equal(row.user.externalId, row.externalId)
        }
      } catch (error) {
        assert.ok(error instanceof AppError && error.reason === 'identity.import_invalid', String(error))
      }
      assert.equal(Object.hasOwn(Object.prototype, 'email'), false)
    }),
    { numRuns: 300 },
  )
})
