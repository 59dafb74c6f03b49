import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleData, variablesOf } from './liquid-variables.ts'

test('the data a template asks for is read from its tags', () => {
  const found = variablesOf(
    'Order {{ order.number }} of {{order.total | money}}',
    '{% if customer.vip %}Hello {{ customer.name }}{% endif %}',
  )
  assert.deepEqual(found, ['order.number', 'order.total', 'customer.name', 'customer.vip'])
})

test('names that the template makes itself are not asked for', () => {
  const found = variablesOf(
    '{% for item in order.items %}{{ item.name }} {{ forloop.index }}{% endfor %}{% assign x = 1 %}{{ x }}',
  )
  assert.deepEqual(found, ['order.items'])
})

test('sample data nests as the tags do', () => {
  assert.deepEqual(sampleData(['order.number', 'order.total', 'name']), {
    order: { number: 'sample number', total: 'sample total' },
    name: 'sample name',
  })
})

test('a name that is both a value and an object becomes the object', () => {
  assert.deepEqual(sampleData(['order', 'order.number']), { order: { number: 'sample number' } })
})

test('what a sentence is filled with is asked for, and counts are numbers', () => {
  const found = variablesOf('{{ "cart" | t: n: cart.count, who: name }}{{ a | date: "%H:%M" }}')
  assert.deepEqual(found, ['a', 'cart.count', 'name'])
  assert.deepEqual(sampleData(['cart.count']), { cart: { count: 3 } })
})
