import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { SandboxItemSchema } from '@mainstay/proto/notify/v1/sandbox'
import { senderName, toConversations } from './conversations.ts'

const item = (itemId: string, channel: string, from: string) =>
  create(SandboxItemSchema, { itemId, channel, from })

test('conversations are by sender and channel, and the one that wrote last comes first', () => {
  const found = toConversations([
    item('4', 'CHANNEL_SMS', 'Acme'),
    item('3', 'CHANNEL_WHATSAPP', 'Acme'),
    item('2', 'CHANNEL_SMS', 'Acme'),
    item('1', 'CHANNEL_SMS', '+14155550100'),
  ])
  assert.deepEqual(
    found.map(({ sender, channel, items }) => [sender, channel, items.map(({ itemId }) => itemId).join()]),
    [
      ['Acme', 'CHANNEL_SMS', '4,2'],
      ['Acme', 'CHANNEL_WHATSAPP', '3'],
      ['+14155550100', 'CHANNEL_SMS', '1'],
    ],
  )
})

test('a sender is read by its name', () => {
  assert.equal(senderName('Mainstay sandbox <sandbox@mainstay.invalid>'), 'Mainstay sandbox')
  assert.equal(senderName('"Acme, Inc." <hello@acme.example>'), 'Acme, Inc.')
  assert.equal(senderName('+14155550100'), '+14155550100')
})
