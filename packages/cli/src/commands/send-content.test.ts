import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ContentFlags, readContent } from './send-content.ts'

const read = (flags: Partial<ContentFlags>) => readContent({ channel: 'email', data: {}, ...flags })

test('each channel is made of its own flags', async () => {
  const made = [
    await read({ subject: 'Hi', text: 'Hello' }),
    await read({ channel: 'sms', text: 'Hello' }),
    await read({ channel: 'whatsapp', text: 'Hello' }),
    await read({ channel: 'push', title: 'Acme', text: 'Hello' }),
    await read({ channel: 'chat', text: 'Hello' }),
    await read({ channel: 'webhook', type: 'order.shipped', data: { orderId: '1' } }),
    await read({ channel: 'inbox', title: 'Shipped', text: 'Hello' }),
    await read({ template: 'welcome' }),
  ]
  assert.deepEqual(made, [
    { case: 'email', value: { subject: 'Hi', text: 'Hello', html: '' } },
    { case: 'sms', value: { text: 'Hello' } },
    { case: 'whatsapp', value: { content: { case: 'text', value: 'Hello' } } },
    { case: 'push', value: { title: 'Acme', body: 'Hello' } },
    { case: 'chat', value: { text: 'Hello' } },
    { case: 'webhook', value: { type: 'order.shipped', data: { orderId: '1' } } },
    { case: 'inbox', value: { title: 'Shipped', body: 'Hello' } },
    { case: 'template', value: { name: 'welcome' } },
  ])
})

test('what a channel has no place for, or cannot do without, is told', async () => {
  await assert.rejects(read({ channel: 'sms', subject: 'Hi', text: 'x' }), {
    message: '--subject says nothing over sms, which takes --text.',
  })
  await assert.rejects(read({ channel: 'push', title: 'Acme' }), { message: /--text/ })
  await assert.rejects(read({ channel: 'webhook' }), { message: /--type/ })
  await assert.rejects(read({ channel: 'inbox', text: 'x' }), { message: /--title/ })
  await assert.rejects(read({ subject: 'Hi' }), { message: /--text or --html/ })
})
