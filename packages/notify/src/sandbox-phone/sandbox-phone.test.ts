import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { AppError, createPageTokens, newId, systemClock, toTypeId } from '@mainstay/kernel'
import { useTestDatabase } from '@mainstay/kernel/testing'
import {
  ClearSandboxItemsRequestSchema,
  ListSandboxItemsRequestSchema,
} from '@mainstay/proto/notify/v1/sandbox'
import { testCall } from '../testing/call.ts'
import { ledgerMigrations } from '../testing/ledger.ts'
import { aMessage } from '../testing/outgoing.ts'
import { sandboxPhoneHandlers } from './api.ts'
import { createShelf } from './shelf.ts'

describe('the sandbox phone', () => {
  const database = useTestDatabase({ sets: ledgerMigrations })
  const keep = 120
  const shelf = () =>
    createShelf({
      db: database.db,
      clock: systemClock,
      logger: { warn: () => {} },
      keep,
      announceDelivered: async () => {},
    })
  const handlers = () => sandboxPhoneHandlers(database.db, createPageTokens(Buffer.alloc(32, 7)))
  const inProject = (projectId: string) => ({
    ...testCall({ method: 'mainstay.notify.v1.Notify/ListSandboxItems' }),
    projectId,
  })

  async function list(
    projectId: string,
    request: MessageInitShape<typeof ListSandboxItemsRequestSchema> = {},
  ) {
    return handlers().listSandboxItems(create(ListSandboxItemsRequestSchema, request), inProject(projectId))
  }

  test('shows what was sent over each channel, newest first, once a message', async () => {
    const projectId = newId()
    const { keep: put } = shelf()
    const sms = aMessage('sms', { projectId, from: 'Acme', to: '+491701234567', text: 'Your code is 123456' })
    await put(sms)
    await put(sms)
    await put(aMessage('push', { projectId, title: 'Acme', body: 'On its way', data: { order: '7' } }))
    await put(aMessage('webhook', { projectId, type: 'order.shipped', data: '{"orderId":"7"}' }))
    const { items = [] } = await list(projectId)
    assert.deepEqual(
      items.map(({ channel, title, body }) => [channel, title, body]),
      [
        ['CHANNEL_WEBHOOK', 'order.shipped', '{"orderId":"7"}'],
        ['CHANNEL_PUSH', 'Acme', 'On its way'],
        ['CHANNEL_SMS', '', 'Your code is 123456'],
      ],
    )
    assert.partialDeepStrictEqual(items[1]?.detail, { data: { order: '7' } })
    assert.equal(items[2]?.messageId, sms.messageId)
    assert.equal((await list(newId())).items?.length, 0, 'another project sees nothing of it')
  })

  test('finds by channel, by text in any case, and by message, page by page', async () => {
    const projectId = newId()
    const { keep: put } = shelf()
    for (let n = 0; n < 5; n++) await put(aMessage('sms', { projectId, text: `Order ${n} 50% off_` }))
    const chat = aMessage('chat', { projectId, text: 'ORDER 9 shipped' })
    await put(chat)
    const bodies = async (request: Parameters<typeof list>[1]) =>
      (await list(projectId, request)).items?.map(({ body }) => body)
    assert.deepEqual(await bodies({ channels: ['CHANNEL_CHAT'] }), ['ORDER 9 shipped'])
    assert.equal((await bodies({ text: 'order' }))?.length, 6)
    assert.equal((await bodies({ text: '50% off_' }))?.length, 5, 'nothing in the text is a wildcard')
    assert.deepEqual(await bodies({ messageId: chat.messageId }), ['ORDER 9 shipped'])
    assert.deepEqual(await bodies({ messageId: toTypeId('msg', newId()) }), [])

    const request = { channels: ['CHANNEL_SMS'], pageSize: 3 }
    const first = await list(projectId, request)
    const second = await list(projectId, { ...request, pageToken: first.nextPageToken ?? '' })
    assert.deepEqual(
      [...(first.items ?? []), ...(second.items ?? [])].map(({ body }) => body?.[6]),
      ['4', '3', '2', '1', '0'],
    )
    assert.equal(second.nextPageToken, '')
    await assert.rejects(list(projectId, { pageSize: 3, pageToken: first.nextPageToken ?? '' }), AppError)
    await assert.rejects(
      list(projectId, { text: 'a\0b' }),
      (error) => error instanceof AppError && error.reason === 'notify.request_invalid',
    )
  })

  test('keeps the newest, and is emptied at once', async () => {
    const projectId = newId()
    const { keep: put } = shelf()
    for (let n = 0; n < 203; n++) await put(aMessage('sms', { projectId, text: `n${n}` }))
    const { items = [] } = await list(projectId, { pageSize: 500 })
    assert.equal(items.length, keep)
    assert.equal(items[0]?.body, 'n202')
    const cleared = await handlers().clearSandboxItems(
      create(ClearSandboxItemsRequestSchema),
      inProject(projectId),
    )
    assert.equal(cleared.removedCount, keep)
    assert.equal((await list(projectId)).items?.length, 0)
  })
})
