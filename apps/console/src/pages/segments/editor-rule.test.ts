import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonValue } from '@bufbuild/protobuf'
import {
  fromJson,
  isComplete,
  newCondition,
  newGroup,
  readValue,
  replaceRule,
  toJson,
  writeValue,
} from './editor-rule.ts'

test('a rule comes out of the editor as it went in', () => {
  const rules: JsonValue[] = [
    { all: [] },
    { any: [{ topic: 'news' }, { field: 'attributes.plan', op: 'eq', value: 'pro' }] },
    { not: { any: [{ field: 'attributes.seats', op: 'gte', value: 5 }] } },
    { all: [{ field: 'attributes.a.b', op: 'in', value: ['x, y', '5', 5, true, 'true'] }] },
    {
      all: [
        { field: 'email', op: 'exists', value: false },
        { field: 'locale', op: 'prefix', value: 'de' },
      ],
    },
    { all: [{ field: 'attributes.since', op: 'lt', value: '2026-01-01' }] },
    { all: [{ field: 'createTime', op: 'gte', value: new Date('2026-01-31T00:00:00').toISOString() }] },
  ]
  for (const rule of rules) assert.deepEqual(toJson(fromJson(rule)), rule)
})

test('what is not a single condition is one of none', () => {
  assert.deepEqual(toJson(fromJson({ not: { topic: 'news' } })), { not: { any: [{ topic: 'news' }] } })
})

test('values are numbers, true or false where they read as such, and texts in quotes', () => {
  assert.deepEqual(['5', '-1.5', 'true', 'pro', '"5"', '05', ' x '].map(readValue), [
    5,
    -1.5,
    true,
    'pro',
    '5',
    '05',
    'x',
  ])
  for (const value of [5, true, 'pro', '5', 'true', ' x', 'a, b'])
    assert.deepEqual(readValue(writeValue(value)), value)
})

test('a rule is complete when each condition says what it needs', () => {
  const known = newCondition({ path: 'plan', op: 'exists' })
  assert.ok(isComplete(newGroup('all', [known, newCondition({ path: 'plan', value: 'pro' })])))
  assert.ok(!isComplete(newGroup('all', [known, newCondition({ path: 'plan' })])))
  assert.ok(!isComplete(newCondition({ value: 'pro' })))
})

test('parts are replaced and taken out by their ids, however deep', () => {
  const [a, b] = [newCondition({ path: 'a', op: 'exists' }), newCondition({ path: 'b', op: 'exists' })]
  const rule = newGroup('all', [a, newGroup('any', [b])])
  assert.deepEqual(toJson(replaceRule(rule, b.id, { ...b, path: 'c' })), {
    all: [toJson(a), { any: [{ field: 'attributes.c', op: 'exists', value: true }] }],
  })
  assert.deepEqual(toJson(replaceRule(rule, b.id, undefined)), { all: [toJson(a), { any: [] }] })
})
