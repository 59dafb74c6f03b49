import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AppError, newId } from '@mainstay/kernel'
import { waitFor } from '@mainstay/kernel/testing'
import { InboxAction, type InboxChange } from '@mainstay/proto/notify/v1/inbox'
import { testCall } from '../testing/call.ts'
import { type TestProcess, useInbox } from '../testing/inbox.ts'
import { deleteOldItems } from './retention.ts'

describe('watching an inbox', () => {
  const inbox = useInbox()

  async function follow(recipientId: string, options: { resumeToken?: string; at?: TestProcess } = {}) {
    const call = testCall()
    const { at = inbox.main, resumeToken = '' } = options
    const stream = await at.call('watchInbox', { recipientId, resumeToken }, call)
    const changes: InboxChange[] = []
    let failure: unknown
    const ended = (async () => {
      for await (const change of stream) changes.push(change as InboxChange)
    })().catch((error: unknown) => {
      failure = error
    })
    await waitFor(() => changes.length > 0 || failure !== undefined, { what: 'the stream to open' })
    const told = () =>
      changes.flatMap(({ change }) => {
        if (change?.case === 'item') return [`${change.value.title}${change.value.readTime ? ' read' : ''}`]
        if (change?.case === 'deletedItemId') return ['deleted']
        return change?.case === 'sweep' ? [`all ${InboxAction[change.value.action]}`] : []
      })
    return {
      changes,
      told,
      failure: () => failure,
      tells: (...titles: string[]) =>
        waitFor(() => titles.every((title) => told().includes(title)), { what: titles.join(', ') }),
      token: () => changes.at(-1)?.resumeToken ?? '',
      async hangUp() {
        call.hangUp()
        await ended
      },
    }
  }

  it('tells of what comes in, is marked and deleted, in whatever process, with the counts', async () => {
    const recipientId = newId()
    const other = await inbox.open()
    const here = await follow(recipientId)
    const there = await follow(recipientId, { at: other })
    assert.deepEqual(here.changes[0]?.counts, { unreadCount: 0, unseenCount: 0, currentCount: 0 })
    await inbox.main.tell(recipientId, { title: 'one' })
    await Promise.all([here.tells('one'), there.tells('one')])
    const [item] = (await inbox.main.call('listInboxItems', { recipientId })).items ?? []
    const itemId = item?.itemId ?? ''
    await other.call('markInboxItems', { recipientId, action: InboxAction.READ, itemIds: [itemId] })
    await Promise.all([here.tells('one read'), there.tells('one read')])
    assert.equal(here.changes.at(-1)?.counts?.unreadCount, 0)
    await other.call('markInboxItems', { recipientId, action: InboxAction.UNREAD, all: true })
    await here.tells('all UNREAD')
    assert.equal(here.changes.at(-1)?.counts?.unreadCount, 1)
    await other.call('deleteInboxItem', { recipientId, itemId })
    await Promise.all([here.tells('deleted'), there.tells('deleted')])
    assert.equal(here.changes.at(-1)?.counts?.currentCount, 0)
    await Promise.all([here.hangUp(), there.hangUp()])
  })

  it('goes on after a break where it was, and a list says where to begin', async () => {
    const recipientId = newId()
    const { resumeToken = '' } = await inbox.main.call('listInboxItems', { recipientId })
    await inbox.main.tell(recipientId, { title: 'one' })
    await waitFor(async () => (await inbox.main.call('getInboxCounts', { recipientId })).unreadCount === 1)
    const first = await follow(recipientId, { resumeToken })
    await first.tells('one')
    await first.hangUp()
    const titles = Array.from({ length: 30 }, (_, n) => `missed ${n}`)
    await Promise.all(titles.map((title) => inbox.main.tell(recipientId, { title })))
    await waitFor(async () => (await inbox.main.call('getInboxCounts', { recipientId })).unreadCount === 31)
    const second = await follow(recipientId, { resumeToken: first.token() })
    await second.tells(...titles)
    assert.deepEqual(second.told().toSorted(), titles.toSorted(), 'each once, and nothing of before')
    await second.hangUp()
  })

  it('tells nobody of somebody else’s, nor of test mode’s', async () => {
    const [ada, bob] = [newId(), newId()]
    const watch = await follow(ada)
    await inbox.main.tell(bob, { title: 'for Bob' })
    await inbox.main.tell(ada, { title: 'only a test' }, testCall({ testMode: true }))
    await inbox.main.tell(ada, { title: 'elsewhere' }, testCall({ projectId: newId() }))
    await inbox.main.tell(ada, { title: 'last' })
    await watch.tells('last')
    assert.deepEqual(watch.told(), ['last'])
    await watch.hangUp()
  })

  it('refuses a token that it cannot go on from', async () => {
    const recipientId = newId()
    const tokenAt = (text: string) => Buffer.from(text).toString('base64url')
    for (const resumeToken of [
      'nonsense',
      tokenAt(`5@${Date.now()}`),
      tokenAt(`0@${Date.now() - 25 * 3_600_000}`),
      tokenAt('-1@0'),
    ]) {
      const { failure } = await follow(recipientId, { resumeToken })
      assert.ok(
        failure() instanceof AppError && (failure() as AppError).reason === 'notify.resume_token_invalid',
      )
    }
  })

  it('misses nothing while items come in by dozens and readers come and go', async () => {
    const recipientId = newId()
    const titles = Array.from({ length: 120 }, (_, n) => `item ${n}`)
    const begin = await follow(recipientId)
    await begin.hangUp()
    const sending = Promise.all(titles.map((title) => inbox.main.tell(recipientId, { title })))
    const seen = new Set<string>()
    let resumeToken = begin.token()
    await waitFor(
      async () => {
        const part = await follow(recipientId, { resumeToken })
        await part.hangUp()
        for (const title of part.told()) seen.add(title)
        resumeToken = part.token()
        return (await inbox.main.call('getInboxCounts', { recipientId })).unreadCount === titles.length
      },
      { timeoutMs: 30_000, what: 'every item to be delivered' },
    )
    await sending
    const last = await follow(recipientId, { resumeToken })
    await waitFor(() => new Set([...seen, ...last.told()]).size === titles.length, { what: 'the rest' })
    await last.hangUp()
  })

  it('keeps items as long as the settings say, counts what went, and forgets old changes', async () => {
    const recipientId = newId()
    await inbox.main.tell(recipientId, { title: 'old' })
    await waitFor(async () => (await inbox.main.call('getInboxCounts', { recipientId })).unreadCount === 1)
    const watch = await follow(recipientId)
    const { db } = inbox.database
    const later = {
      now: () => new Date(Date.now() + 181 * 86_400_000),
      nowMs: () => Date.now() + 181 * 86_400_000,
    }
    await deleteOldItems({ db, clock: later, settings: { inboxRetentionDays: 180 } })
    assert.deepEqual(await inbox.main.call('getInboxCounts', { recipientId }), {
      unreadCount: 0,
      unseenCount: 0,
      currentCount: 0,
    })
    await watch.hangUp()
    const { rows } = await db.query<{ kept: number }>({
      text: "SELECT count(*)::int4 AS kept FROM notify.inbox_changes WHERE change_time < now() + interval '1 day'",
    })
    assert.equal(rows[0]?.kept, 0, 'only the word of the deletion, which is of later, is there')
  })
})
