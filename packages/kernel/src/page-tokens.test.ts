import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AppError } from './errors.ts'
import { createPageTokens, type PageScope, pageLimit } from './page-tokens.ts'

const tokens = createPageTokens(randomBytes(32))
const scope: PageScope = {
  method: 'mainstay.test.v1.Test/List',
  projectId: 'p1',
  filter: { state: 1, to: 'a' },
}
const invalid = (error: unknown) =>
  error instanceof AppError &&
  error.reason === 'kernel.page_token_invalid' &&
  error.code === 'invalid_argument'

describe('page tokens', () => {
  test('a token gives back the position it was issued for', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))),
        (position) => {
          assert.deepEqual(tokens.read(scope, tokens.issue(scope, position)), position)
        },
      ),
    )
  })

  test('no token is the first page', () => {
    assert.equal(tokens.read(scope, ''), undefined)
  })

  test('a token of another method, project, filter or secret is refused', () => {
    const token = tokens.issue(scope, ['id'])
    for (const other of [
      { ...scope, method: 'mainstay.test.v1.Test/ListOther' },
      { ...scope, projectId: 'p2' },
      { ...scope, filter: { state: 2, to: 'a' } },
      { method: scope.method, projectId: scope.projectId },
    ]) {
      assert.throws(() => tokens.read(other, token), invalid)
    }
    assert.throws(() => createPageTokens(randomBytes(32)).read(scope, token), invalid)
  })

  test('the order of a filter’s fields, and fields that are undefined, make no difference', () => {
    const filter = { to: 'a', state: 1, from: undefined }
    assert.deepEqual(tokens.read({ ...scope, filter }, tokens.issue(scope, ['id'])), ['id'])
  })

  test('filters hold dates, 64-bit numbers and lists', () => {
    const wide = { ...scope, filter: { after: new Date(5), size: 10n, states: [1, 2] } }
    const token = tokens.issue(wide, ['id'])
    assert.deepEqual(tokens.read(wide, token), ['id'])
    assert.throws(
      () => tokens.read({ ...wide, filter: { ...wide.filter, after: new Date(6) } }, token),
      invalid,
    )
    assert.throws(() => tokens.read({ ...wide, filter: { ...wide.filter, size: 11n } }, token), invalid)
    assert.throws(() => tokens.read({ ...wide, filter: { ...wide.filter, states: [2, 1] } }, token), invalid)
  })

  test('a token with any character changed, cut or added is refused', () => {
    const token = tokens.issue(scope, ['01234', 5])
    fc.assert(
      fc.property(
        fc.nat(token.length - 1),
        fc.constantFrom('A', '_', '!', '', 'zz', ' '),
        (at, replacement) => {
          const changed = token.slice(0, at) + replacement + token.slice(at + 1)
          if (changed !== token) assert.throws(() => tokens.read(scope, changed), invalid)
        },
      ),
    )
  })

  test('any text at all is refused and never crashes', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        assert.throws(() => tokens.read(scope, text), invalid)
      }),
    )
  })

  test('a page is cut where one more row was found', () => {
    const position = (row: number) => [row]
    assert.deepEqual(tokens.cut(scope, [1, 2], 2, position), { rows: [1, 2], nextPageToken: '' })
    assert.deepEqual(tokens.cut(scope, [], 2, position), { rows: [], nextPageToken: '' })
    const page = tokens.cut(scope, [1, 2, 3], 2, position)
    assert.deepEqual(page.rows, [1, 2])
    assert.deepEqual(tokens.read(scope, page.nextPageToken), [2])
  })

  test('a page size of 0 means 50, and none is above 500', () => {
    assert.deepEqual([0, -1, 1, 500, 501].map(pageLimit), [50, 50, 1, 500, 500])
  })

  test('a short secret is a programming error', () => {
    assert.throws(() => createPageTokens(randomBytes(31)), TypeError)
  })
})
