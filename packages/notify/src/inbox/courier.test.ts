import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { AppError, fromTypeId, newId } from '@mainstay/kernel'
import { waitFor } from '@mainstay/kernel/testing'
import { Channel, MessageState } from '@mainstay/proto/notify/v1'
import { InboxSeverity } from '@mainstay/proto/notify/v1/channels'
import { inboxCall, useInbox } from '../testing/inbox.ts'
import { TEST_PROJECT } from '../testing/ledger.ts'

describe('delivering to inboxes', () => {
  const inbox = useInbox()

  const list = async (recipientId: string, ctx = inboxCall()) =>
    (await inbox.main.call('listInboxItems', { recipientId }, ctx)).items ?? []
  const arrive = async (recipientId: string, count: number, ctx = inboxCall()) => {
    await waitFor(async () => (await list(recipientId, ctx)).length === count, {
      what: 'the items to arrive',
    })
    return await list(recipientId, ctx)
  }
  const stateOf = async (messageId: string): Promise<MessageState | undefined> => {
    const { rows } = await inbox.database.db.query<{ state: MessageState }>({
      text: 'SELECT state FROM notify.messages WHERE project_id = $1 AND message_id = $2',
      values: [TEST_PROJECT, fromTypeId('msg', messageId)],
    })
    return rows[0]?.state
  }
  const settled = (messageId: string, state: MessageState) =>
    waitFor(async () => (await stateOf(messageId)) === state, { what: MessageState[state] })

  it('puts what was sent into the inbox of a recipient whom nobody stored, with all its parts', async () => {
    const recipientId = newId()
    const messageId = await inbox.main.tell(recipientId, {
      title: 'Order 7 has shipped',
      body: 'It comes on Friday.',
      actionUrl: '/orders/7',
      actionLabel: 'Track it',
      imageUrl: 'https://acme.example/7.png',
      icon: 'truck',
      severity: InboxSeverity.SUCCESS,
      data: { orderId: '7' },
      groupKey: 'order-7',
    })
    const [item] = await arrive(recipientId, 1)
    assert.partialDeepStrictEqual(item, {
      messageId,
      title: 'Order 7 has shipped',
      body: 'It comes on Friday.',
      actionUrl: '/orders/7',
      actionLabel: 'Track it',
      imageUrl: 'https://acme.example/7.png',
      icon: 'truck',
      severity: InboxSeverity.SUCCESS,
      data: { orderId: '7' },
      groupKey: 'order-7',
    })
    assert.equal(await stateOf(messageId), MessageState.DELIVERED, 'in the commit that brought the item')
    const { rows } = await inbox.database.db.query<{ count: number }>({
      text: `SELECT count(*)::int4 AS count FROM notify.delivery_queue WHERE message_id = $1`,
      values: [fromTypeId('msg', messageId)],
    })
    assert.equal(rows[0]?.count, 0)
  })

  it('keeps test and live apart, and shows what was sent in test mode on the sandbox phone', async () => {
    const recipientId = newId()
    const test = inboxCall({ testMode: true })
    const messageId = await inbox.main.tell(recipientId, { title: 'Only a test', body: 'Hello' }, test)
    await arrive(recipientId, 1, test)
    assert.deepEqual(await list(recipientId), [])
    const { rows } = await inbox.database.db.query({
      text: 'SELECT channel, to_address, title, body FROM notify.sandbox_items WHERE message_id = $1',
      values: [fromTypeId('msg', messageId)],
    })
    assert.deepEqual(rows, [{ channel: 7, to_address: recipientId, title: 'Only a test', body: 'Hello' }])
  })

  it('waits for the send time, and delivers nothing that was cancelled or has expired', async () => {
    const recipientId = newId()
    const to = { target: { case: 'recipientId', value: recipientId } } as const
    const content = { case: 'inbox', value: { title: 'Later' } } as const
    const sendTime = timestampFromMs(Date.now() + 300)
    const later = await inbox.main.send({ to, content, sendTime })
    assert.equal(await stateOf(later), MessageState.ACCEPTED)
    const [item] = await arrive(recipientId, 1)
    assert.ok(
      Number(item?.createTime?.seconds) * 1000 + Number(item?.createTime?.nanos) / 1e6 >= Date.now() - 5000,
    )
    await settled(later, MessageState.DELIVERED)

    const never = await inbox.main.send({ to, content, sendTime: timestampFromMs(Date.now() + 3_600_000) })
    await inbox.database.db.query({
      text: `UPDATE notify.delivery_queue SET due_time = now(), expire_time = now() WHERE message_id = $1`,
      values: [fromTypeId('msg', never)],
    })
    await settled(never, MessageState.EXPIRED)
    assert.equal((await list(recipientId)).length, 1)
  })

  it('delivers nothing to a recipient whose inbox is suppressed', async () => {
    const recipientId = newId()
    await inbox.database.db.query({
      text: `INSERT INTO notify.suppressions (project_id, live, channel, address_key, reason, suppression_id, address, detail,
          actor, create_time)
        VALUES ($1, true, 7, $2, 4, $3, $2, '', 'key_test', now())`,
      values: [TEST_PROJECT, recipientId, newId()],
    })
    await settled(await inbox.main.tell(recipientId), MessageState.SUPPRESSED)
    assert.deepEqual(await list(recipientId), [])
  })

  it('refuses links that would run something, data without end, and targets that are no recipient', async () => {
    const refused = (field: string) => (error: unknown) =>
      error instanceof AppError &&
      error.reason === 'notify.request_invalid' &&
      error.violations[0]?.field === field
    for (const actionUrl of [
      'javascript:alert(1)',
      'JavaScript:alert(1)',
      'java\tscript:alert(1)',
      'javascript://%0aalert(1)',
      'data:text/html,hi',
      '//evil.example',
      '/\\evil.example',
      'orders/7',
    ]) {
      await assert.rejects(inbox.main.tell('ada', { actionUrl }), refused('inbox.actionUrl'), actionUrl)
    }
    for (const actionUrl of ['https://acme.example/x?y#z', '/', '/orders/7?tab=a', 'acme://orders/7'])
      await inbox.main.tell('links', { actionUrl })
    await assert.rejects(inbox.main.tell('ada', { data: { x: 'y'.repeat(17_000) } }), refused('inbox.data'))
    const content = { case: 'inbox', value: { title: 'Hi' } } as const
    const to = { target: { case: 'email', value: 'ada@example.com' } } as const
    await assert.rejects(inbox.main.send({ to, content }), refused('to'))
  })

  it('says what a template makes of the data, in the recipient’s words, and refuses what no link may be', async () => {
    await inbox.main.publish({
      name: 'shipped',
      channel: Channel.INBOX,
      defaultLocale: 'en',
      parts: {
        en: {
          title: 'Order {{ id }} has shipped',
          body: 'Hello {{ name }}',
          actionUrl: '{{ link }}',
          actionLabel: 'Track it',
          groupKey: 'order-{{ id }}',
          severity: 'success',
          icon: 'truck',
        },
        de: { title: 'Bestellung {{ id }} ist unterwegs' },
      },
    })
    const recipientId = newId()
    const to = { target: { case: 'recipientId', value: recipientId } } as const
    const content = { case: 'template', value: { name: 'shipped' } } as const
    const data = { id: 7, name: 'Ada', link: '/orders/7' }
    await inbox.main.send({ to, content, data })
    await inbox.main.send({ to, content, data, locale: 'de-AT' })
    const items = await arrive(recipientId, 2)
    assert.deepEqual(items.map(({ title }) => title).toSorted(), [
      'Bestellung 7 ist unterwegs',
      'Order 7 has shipped',
    ])
    assert.partialDeepStrictEqual(
      items.find(({ body }) => body !== ''),
      {
        ...{ body: 'Hello Ada', actionUrl: '/orders/7', actionLabel: 'Track it', groupKey: 'order-7' },
        ...{ severity: InboxSeverity.SUCCESS, icon: 'truck' },
      },
    )
    const evil = inbox.main.send({ to, content, data: { ...data, link: 'javascript:alert(1)' } })
    await assert.rejects(evil, { reason: 'notify.template_invalid' })
  })

  it('takes over what was queued for providers’ workers, as campaigns queue', async () => {
    const recipientId = newId()
    const content = { case: 'inbox', value: { title: 'Queued set-wise' } } as const
    const to = { target: { case: 'recipientId', value: recipientId } } as const
    const sendTime = timestampFromMs(Date.now() + 3_600_000)
    const messageId = await inbox.main.send({ to, content, sendTime })
    await inbox.database.db.query({
      text: 'UPDATE notify.delivery_queue SET lane = 3, due_time = now() WHERE message_id = $1',
      values: [fromTypeId('msg', messageId)],
    })
    const [item] = await arrive(recipientId, 1)
    assert.equal(item?.title, 'Queued set-wise')
    await settled(messageId, MessageState.DELIVERED)
  })

  it('delivers each message once, whichever of many couriers takes it', async () => {
    const more = await Promise.all([inbox.open(), inbox.open(), inbox.open()])
    await Promise.all(more.map(({ notify }) => notify.worker.start()))
    const recipients = Array.from({ length: 5 }, () => newId())
    await Promise.all(
      Array.from({ length: 300 }, (_, n) =>
        inbox.main.tell(recipients[n % recipients.length] ?? '', { title: `Item ${n}` }),
      ),
    )
    const titles = new Set<string>()
    for (const recipientId of recipients) {
      await waitFor(
        async () => (await inbox.main.call('getInboxCounts', { recipientId })).unreadCount === 60,
        { what: 'all items' },
      )
      const { items = [] } = await inbox.main.call('listInboxItems', { recipientId, pageSize: 500 })
      assert.equal(items.length, 60)
      for (const { title } of items) titles.add(title ?? '')
    }
    assert.equal(titles.size, 300)
    await Promise.all(more.map(({ notify }) => notify.worker.stop()))
  })
})
