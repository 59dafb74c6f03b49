import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createRouter } from './router.ts'
import { decodeCapture, type PathTemplate, parseTemplate, TemplateError } from './template.ts'

/** What a path captured for each variable of the template that it led to. */
function match(templates: readonly string[], path: string): Record<string, string | undefined> | undefined {
  const router = createRouter<PathTemplate>()
  for (const text of templates) {
    const template = parseTemplate(text)
    router.add('GET', template, template)
  }
  const found = router.find('GET', path)
  if (found === undefined || 'allowed' in found) return
  const captures = found.target.variables.map(({ fieldPath, start, end, multi }) => [
    fieldPath.join('.'),
    decodeCapture(found.segments.slice(start, end).join('/'), multi),
  ])
  return { template: found.target.text, ...Object.fromEntries(captures) }
}

describe('the grammar of path templates', () => {
  test('reads variables with and without patterns, wildcards and a verb', () => {
    const { segments, variables, verb } = parseTemplate(
      '/v1/{name=projects/*/keys/**}/x:undo'.replace('/x', ''),
    )
    assert.deepEqual(
      segments.map(({ kind }) => kind),
      ['literal', 'literal', 'one', 'literal', 'rest'],
    )
    assert.deepEqual(variables, [
      { fieldPath: ['name'], start: 1, end: Number.POSITIVE_INFINITY, multi: true },
    ])
    assert.equal(verb, 'undo')
  })

  test('says where a template is wrong', () => {
    const wrong = [
      '',
      'v1',
      '/',
      '/v1/',
      '/v1//x',
      '/v1/{',
      '/v1/{}',
      '/v1/{a',
      '/v1/{a.}',
      '/v1/{a=}',
      '/v1/{a={b}}',
      '/v1/{a}{b}',
      '/v1/**/x',
      '/v1/{a=**}/x',
      '/v1/{a}/{a}',
      '/v1/x:',
      '/v1/x:a:b',
      '/v1/a b',
      '/v1/***',
      '/v1/{1a}',
      '/v1/x?y',
      '/v1/%zz',
    ]
    for (const template of wrong) {
      assert.throws(
        () => parseTemplate(template),
        (error) => error instanceof TemplateError && /at character \d+/.test(error.message),
        template,
      )
    }
  })

  test('never fails but by saying so, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'/v1{}=*:.%2Fa ') }), (text) => {
        try {
          assert.equal(parseTemplate(text).text, text)
        } catch (error) {
          assert.ok(error instanceof TemplateError, String(error))
        }
      }),
    )
  })
})

describe('routing', () => {
  const table: [templates: string[], path: string, want: Record<string, string> | undefined][] = [
    [['/v1/messages/{id}'], '/v1/messages/m1', { template: '/v1/messages/{id}', id: 'm1' }],
    [['/v1/messages/{id}'], '/v1/messages/', undefined],
    [['/v1/messages/{id}'], '/v1/messages/a/b', undefined],
    [['/v1/messages/{id}'], '/v1/messages/a%2Fb', { template: '/v1/messages/{id}', id: 'a/b' }],
    [
      ['/v1/messages/{id}', '/v1/messages/{id}:cancel'],
      '/v1/messages/m1:cancel',
      { template: '/v1/messages/{id}:cancel', id: 'm1' },
    ],
    [
      ['/v1/messages/{id}', '/v1/messages/{id}:cancel'],
      '/v1/messages/m1%3Acancel',
      { template: '/v1/messages/{id}', id: 'm1:cancel' },
    ],
    [
      ['/v1/messages/{id}', '/v1/messages/{id}:cancel'],
      '/v1/messages/a:b:cancel',
      { template: '/v1/messages/{id}:cancel', id: 'a:b' },
    ],
    [['/v1/messages/{id}'], '/v1/messages/user:42', { template: '/v1/messages/{id}', id: 'user:42' }],
    [['/v1/messages/{id}:cancel'], '/v1/messages/:cancel', undefined],
    [['/v1/messages/{id}', '/v1/messages/stats'], '/v1/messages/stats', { template: '/v1/messages/stats' }],
    [['/v1/messages:watch', '/v1/{name}'], '/v1/messages:watch', { template: '/v1/messages:watch' }],
    [
      ['/v1/{name=projects/*}'],
      '/v1/projects/p%201',
      { template: '/v1/{name=projects/*}', name: 'projects/p 1' },
    ],
    [
      ['/v1/{name=files/**}'],
      '/v1/files/a/b%2Fc/d',
      { template: '/v1/{name=files/**}', name: 'files/a/b%2Fc/d' },
    ],
    [['/v1/{name=files/**}'], '/v1/files', { template: '/v1/{name=files/**}', name: 'files' }],
    [
      ['/v1/{name=files/**}:copy'],
      '/v1/files/a/b:copy',
      { template: '/v1/{name=files/**}:copy', name: 'files/a/b' },
    ],
    [['/v1/{a}/x', '/v1/y/{b}'], '/v1/y/x', { template: '/v1/y/{b}', b: 'x' }],
    [['/v1/{a}/x', '/v1/y/z'], '/v1/y/x', { template: '/v1/{a}/x', a: 'y' }],
    [['/v1/{a}/{b}/x', '/v1/{a=**}'], '/v1/1/2/y', { template: '/v1/{a=**}', a: '1/2/y' }],
    [['/v1/x'], '//v1/x', undefined],
    [['/v1/x'], '/v1/x/', undefined],
    [['/v1/x'], '/V1/x', undefined],
    [['/v1/{a}'], '/v1/..', { template: '/v1/{a}', a: '..' }],
  ]
  for (const [templates, path, want] of table) {
    test(`${path} among ${templates.join(' ')}`, () => assert.deepEqual(match(templates, path), want))
  }

  test('a path for another HTTP method tells which ones it takes', () => {
    const router = createRouter<string>()
    router.add('GET', parseTemplate('/v1/x/{id}'), 'get')
    router.add('DELETE', parseTemplate('/v1/x/{id}'), 'delete')
    router.add('POST', parseTemplate('/v1/x/current'), 'post')
    assert.deepEqual(router.find('PUT', '/v1/x/current'), { allowed: ['DELETE', 'GET', 'POST'] })
    assert.deepEqual(router.find('GET', '/v1/x/current'), { target: 'get', segments: ['v1', 'x', 'current'] })
  })

  test('two methods with one path stop the start', () => {
    const router = createRouter<string>()
    router.add('GET', parseTemplate('/v1/x/{id}'), 'a')
    assert.throws(() => router.add('GET', parseTemplate('/v1/x/{other}'), 'b'), /Two methods .* answer GET/)
  })

  test('any value put into a template as google.api.http says comes back as it was', () => {
    const value = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((text) => text.isWellFormed())
    fc.assert(
      fc.property(value, value, fc.array(value, { minLength: 1, maxLength: 4 }), (one, two, many) => {
        const rest = many.map((part) => encodeURIComponent(part)).join('/')
        const path = `/v1/${encodeURIComponent(one)}/x/${encodeURIComponent(two)}/${rest}:go`
        const found = match(['/v1/{a}/x/{b}/{c=**}:go', '/v1/{a}/{b}/{c}', '/v1/{a=**}'], path)
        // In a variable of several segments an escaped slash stays escaped: it is no separator.
        const joined = many.map((part) => part.split('/').join('%2F')).join('/')
        assert.deepEqual(found, { template: '/v1/{a}/x/{b}/{c=**}:go', a: one, b: two, c: joined })
      }),
    )
  })

  test('malformed escapes are told apart from values', () => {
    for (const raw of ['%', '%2', '%zz', '%ff', '%c3%28'])
      assert.equal(decodeCapture(raw, false), undefined, raw)
    assert.equal(decodeCapture('a%2Fb%20c', true), 'a%2Fb c')
    assert.equal(decodeCapture('a%2fb', true), 'a%2fb')
  })
})
