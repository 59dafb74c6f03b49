import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flowSteps } from './flow-steps.ts'

test('a definition reads from top to bottom, branches and fallbacks indented', () => {
  const told = flowSteps({
    steps: [
      { id: 'gather', digest: { key: 'data.thread', every: 'week', on: 'monday', at: '09:00' } },
      // As JSON: an object literal with a field `then` looks like a promise.
      JSON.parse(`{
        "id": "many",
        "condition": "count > 1",
        "then": [{ "id": "mail", "channel": "email", "template": { "name": "list", "version": 2 }, "next": "end" }],
        "else": [{ "id": "wait", "delay": { "until": "data.at", "before": "1h" } }]
      }`),
      {
        id: 'reach',
        fallback: [
          { channel: 'push', content: { title: 'Hi', body: 'there' }, within: '10m', until: 'seen' },
          { channel: 'sms', template: 'text' },
        ],
      },
      { id: 'erp', webhook: { url: 'https://a.example', type: 'order.told' } },
    ],
  })
  assert.deepEqual(
    told.map(
      ({ depth, id, title, detail }) => `${'  '.repeat(depth)}${id}: ${title}${detail && ` | ${detail}`}`,
    ),
    [
      'gather: Gather until monday at 09:00, local time | What has the same data.thread is told together',
      'many: If count > 1',
      ': Then',
      '  mail: Send an email | Template list, version 2',
      ': Otherwise',
      '  wait: Wait until 1h before data.at',
      'reach: Reach by push, then SMS',
      '  : Try a push notification: 10m to be seen | Hi',
      '  : Else try a text message: the last resort | Template text',
      'erp: Call a webhook: order.told | https://a.example',
    ],
  )
  assert.equal(told[3]?.next, 'end')
  assert.equal(new Set(told.map(({ key }) => key)).size, told.length)
})

test('what is no definition shows nothing and throws nothing', () => {
  for (const wrong of [undefined, {}, { steps: 7 }, { steps: [null, 1, { id: [] }] }]) flowSteps(wrong)
})
