import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { evaluate, holds } from './evaluate.ts'
import { parseExpression, pathsOf } from './expression.ts'
import { ExpressionError } from './tokens.ts'

const roots = new Set(['data', 'recipient', 'steps', 'items', 'count'])
const scope = {
  data: { total: 120, tier: 'gold', tags: ['a', 'b'], nested: { 'odd key': 1 }, off: false, empty: '' },
  recipient: { id: 'ada', attributes: { country: 'DE' } },
  steps: { push: { state: 'delivered', seen: false } },
  items: [{ n: 1 }, { n: 2 }],
  count: 2,
}

describe('an expression', () => {
  it('compares values and follows paths', () => {
    const cases: [string, unknown][] = [
      ['data.total > 100', true],
      ['data.total >= 120 and data.tier == "gold"', true],
      ['data.total < 100 or not data.off', true],
      ['not not data.off', false],
      ["data.tier in ['silver', 'gold']", true],
      ['data.tags contains "b"', true],
      ['data.tier contains "ol"', true],
      ['data.tier starts_with "go"', true],
      ['data.missing exists', false],
      ['data.tier exists', true],
      ['data.missing == null', true],
      ['data.nested["odd key"]', 1],
      ['items[1].n == count', true],
      ['(data.total > 1000 or data.tier == "gold") and recipient.attributes.country != "FR"', true],
      ['steps.push.state == "delivered" and not steps.push.seen', true],
      ['data.total == "120"', false],
      ['data.total < "200"', false],
      ['data.tags == data.tags', false],
      ['-1.5 < 0', true],
      ['data.tags.length', 2],
      ["'it\\'s' == \"it's\"", true],
    ]
    for (const [source, value] of cases) {
      assert.equal(evaluate(parseExpression(source, roots), scope), value, source)
    }
  })

  it('holds like people expect of a value alone', () => {
    for (const [source, value] of [
      ['data.tags', true],
      ['[]', false],
      ['data.empty', false],
      ['data.off', false],
      ['data.tier', true],
    ] as const) {
      assert.equal(holds(parseExpression(source, roots), scope), value, source)
    }
  })

  it('sees the data’s own fields only', () => {
    for (const path of ['data.constructor', 'data.__proto__', 'data.tags.push', 'data.tier.length']) {
      assert.equal(evaluate(parseExpression(path, roots), scope), null, path)
    }
  })

  it('is refused with the place of what is wrong', () => {
    const cases: [string, RegExp][] = [
      ['', /A value is missing before the end at character 1/],
      ['data.total >', /A value is missing before the end at character 13/],
      ['total > 1', /"total" is unknown: begin with data.* at character 1/],
      ['data.', /A name is missing after the dot/],
      ['data.a == 1 2', /"2" is not expected at character 13/],
      ['(data.a', /"\)" is missing before the end/],
      ['data.a = 1', /is not understood at character 8/],
      ['data.a == "open', /is not understood at character 11/],
      ['data[a]', /A number or a text in quotes/],
      ['data.a == [1 2]', /"," is missing before 2/],
      [`${'('.repeat(40)}1${')'.repeat(40)}`, /nested too deeply/],
      [`data.a == "${'x'.repeat(3000)}"`, /at most 2000 characters/],
    ]
    for (const [source, message] of cases) {
      assert.throws(() => parseExpression(source, roots), { message }, source)
    }
  })

  it('tells which paths it reads', () => {
    const expression = parseExpression(
      'steps.push.seen or (data.a in [data.b, 1]) and not data.c exists',
      roots,
    )
    assert.deepEqual(pathsOf(expression), [
      ['steps', 'push', 'seen'],
      ['data', 'a'],
      ['data', 'b'],
      ['data', 'c'],
    ])
  })

  it('ends in a value or an ExpressionError whatever is written', () => {
    const words = fc.constantFrom(
      'data',
      '.',
      'a',
      '[',
      ']',
      '(',
      ')',
      '==',
      '<',
      'and',
      'not',
      '"x"',
      '1',
      ',',
      ' ',
      'in',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((all) => all.join(' ')),
        ),
        (source) => {
          try {
            evaluate(parseExpression(source, roots), scope)
          } catch (error) {
            assert.ok(error instanceof ExpressionError, String(error))
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})
