import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt'
import { fromTypeId, newId } from '@mainstay/kernel'
import { waitFor } from '@mainstay/kernel/testing'
import { InboxAction, InboxView, type MarkInboxItemsRequestSchema } from '@mainstay/proto/notify/v1/inbox'
import { inboxCall, useInbox } from '../testing/inbox.ts'
import { TEST_PROJECT } from '../testing/ledger.ts'

const { SEEN, READ, UNREAD, ARCHIVE, UNARCHIVE } = InboxAction

describe('an inbox', () => {
  const inbox = useInbox()

  /** Someone with this many items; the newest is `0`. */
  async function someone(count: number, groupOf: (n: number) => string = () => '') {
    const recipientId = newId()
    const list = (request: object = {}) => inbox.main.call('listInboxItems', { recipientId, ...request })
    const counts = () => inbox.main.call('getInboxCounts', { recipientId })
    for (let n = count - 1; n >= 0; n--) {
      await inbox.main.tell(recipientId, { title: `${n}`, groupKey: groupOf(n) })
      await waitFor(async () => (await counts()).currentCount === count - n, { what: 'the item to arrive' })
    }
    const ids = ((await list({ pageSize: 500 })).items ?? []).map(({ itemId }) => itemId ?? '')
    return {
      recipientId,
      ids,
      list,
      titles: async (request: object = {}) => ((await list(request)).items ?? []).map(({ title }) => title),
      mark: (action: InboxAction, request: MessageInitShape<typeof MarkInboxItemsRequestSchema> | number[]) =>
        inbox.main.call('markInboxItems', {
          ...{ recipientId, action },
          ...(Array.isArray(request) ? { itemIds: request.map((n) => ids[n] ?? '') } : request),
        }),
      remove: (n: number) => inbox.main.call('deleteInboxItem', { recipientId, itemId: ids[n] ?? '' }),
      counts: async () => {
        const { unreadCount, unseenCount, currentCount } = await counts()
        return [unreadCount, unseenCount, currentCount]
      },
    }
  }

  it('is listed page by page, newest first, by view and group', async () => {
    const ada = await someone(5, (n) => (n % 2 === 0 ? 'even' : 'odd'))
    assert.deepEqual(await ada.titles(), ['0', '1', '2', '3', '4'])
    assert.deepEqual(await ada.titles({ groupKey: 'odd' }), ['1', '3'])
    await ada.mark(READ, [0])
    await ada.mark(ARCHIVE, [1, 2])
    assert.deepEqual(await ada.titles(), ['0', '3', '4'])
    assert.deepEqual(await ada.titles({ view: InboxView.UNREAD }), ['3', '4'])
    assert.deepEqual(await ada.titles({ view: InboxView.ARCHIVED }), ['1', '2'])
    assert.deepEqual(await ada.titles({ view: InboxView.ARCHIVED, groupKey: 'even' }), ['2'])
    const first = await ada.list({ view: InboxView.EVERYTHING, pageSize: 3 })
    const second = await ada.list({
      ...{ view: InboxView.EVERYTHING, pageSize: 3 },
      pageToken: first.nextPageToken ?? '',
    })
    assert.deepEqual(
      [...(first.items ?? []), ...(second.items ?? [])].map(({ title }) => title),
      ['0', '1', '2', '3', '4'],
    )
    assert.equal(second.nextPageToken, '')
    await assert.rejects(
      inbox.main.call('listInboxItems', { recipientId: newId(), pageToken: first.nextPageToken ?? '' }),
      { reason: 'kernel.page_token_invalid' },
    )
  })

  it('counts what is unread, unseen and not put away, whatever is done to it and however often', async () => {
    const ada = await someone(4)
    assert.deepEqual(await ada.counts(), [4, 4, 4])
    await ada.mark(SEEN, [0, 1])
    assert.deepEqual(await ada.counts(), [4, 2, 4])
    await ada.mark(READ, [0])
    assert.deepEqual(await ada.counts(), [3, 2, 4])
    assert.equal((await ada.mark(READ, [0])).changedCount, 0)
    await ada.mark(ARCHIVE, [2, 2, 0])
    assert.deepEqual(await ada.counts(), [2, 1, 2], 'what is put away is read and seen')
    await ada.mark(UNREAD, [2])
    assert.deepEqual(await ada.counts(), [3, 1, 3], 'what is unread again is back')
    await ada.mark(UNARCHIVE, [0, 1, 2])
    assert.deepEqual(await ada.counts(), [3, 1, 4])
    assert.deepEqual((await ada.remove(3)).counts, { unreadCount: 2, unseenCount: 0, currentCount: 3 })
    await ada.remove(3)
    const { counts } = await ada.mark(READ, { all: true })
    assert.deepEqual(counts, { unreadCount: 0, unseenCount: 0, currentCount: 3 })
    assert.deepEqual(await ada.counts(), [0, 0, 3])
  })

  it('is marked as a whole up to a time, and within a group', async () => {
    const ada = await someone(4, (n) => (n === 0 || n === 3 ? 'a' : 'b'))
    const { items = [] } = await ada.list()
    const untilTime = timestampFromMs(timestampMs(items[1]?.createTime as never))
    assert.equal((await ada.mark(READ, { all: true, untilTime })).changedCount, 3)
    assert.deepEqual(await ada.titles({ view: InboxView.UNREAD }), ['0'])
    assert.equal((await ada.mark(UNREAD, { all: true, groupKey: 'a' })).changedCount, 1)
    assert.deepEqual(await ada.titles({ view: InboxView.UNREAD }), ['0', '3'])
    assert.equal((await ada.mark(ARCHIVE, { all: true, groupKey: 'b' })).changedCount, 2)
    assert.deepEqual(await ada.titles({ view: InboxView.ARCHIVED }), ['1', '2'])
    await assert.rejects(ada.mark(READ, { itemIds: ada.ids, untilTime }), {
      reason: 'notify.request_invalid',
      violations: [{ field: 'untilTime', description: 'must be unset: ids say which items already' }],
    })
  })

  it('says on a message’s timeline that it was seen, once', async () => {
    const ada = await someone(1)
    await Promise.all([ada.mark(SEEN, [0]), ada.mark(READ, [0]), ada.mark(ARCHIVE, [0])])
    const [item] = (await ada.list({ view: InboxView.ARCHIVED })).items ?? []
    const { rows } = await inbox.database.db.query<{ seen: boolean; notes: string[] }>({
      text: `SELECT seen_time IS NOT NULL AS seen,
          ARRAY(SELECT title FROM notify.message_notes n WHERE n.message_id = m.message_id ORDER BY note_id) AS notes
        FROM notify.messages m WHERE message_id = $1`,
      values: [fromTypeId('msg', item?.messageId ?? '')],
    })
    assert.deepEqual(rows, [{ seen: true, notes: ['Delivered to the inbox', 'Seen'] }])
  })

  it('counts right while deliveries, marks of every kind and deletions race', async () => {
    const ada = await someone(12)
    const actions = [SEEN, READ, UNREAD, ARCHIVE, UNARCHIVE]
    const more = Array.from({ length: 20 }, () => inbox.main.tell(ada.recipientId))
    const marks = Array.from({ length: 50 }, (_, n) =>
      n % 10 === 9
        ? ada.mark(actions[((n / 10) % 5) | 0] ?? SEEN, { all: true })
        : ada.mark(actions[n % 5] ?? SEEN, [n % 12, (n * 5) % 12, (n * 7) % 12]),
    )
    const removals = [1, 4, 4].map((n) => ada.remove(n))
    await Promise.all([...more, ...marks, ...removals])
    const truth = async () => {
      const { rows } = await inbox.database.db.query<{ counts: number[] }>({
        text: `SELECT ARRAY[count(*) FILTER (WHERE read_time IS NULL), count(*) FILTER (WHERE seen_time IS NULL),
            count(*) FILTER (WHERE archive_time IS NULL), count(*)]::int4[] AS counts
          FROM notify.inbox_items WHERE project_id = $1 AND live AND recipient_id = $2`,
        values: [TEST_PROJECT, ada.recipientId],
      })
      return rows[0]?.counts ?? []
    }
    await waitFor(async () => (await truth())[3] === 30, { what: 'every item' })
    assert.deepEqual(await ada.counts(), (await truth()).slice(0, 3))
  })

  it('is nobody’s when an API key names nobody, and empty when nothing was sent', async () => {
    await assert.rejects(inbox.main.call('listInboxItems', {}), {
      reason: 'notify.request_invalid',
      violations: [{ field: 'recipientId', description: 'must be set: an API key speaks for no recipient' }],
    })
    const recipientId = newId()
    const { items, counts } = await inbox.main.call('listInboxItems', { recipientId })
    assert.deepEqual([items, counts], [[], { unreadCount: 0, unseenCount: 0, currentCount: 0 }])
    const marked = await inbox.main.call('markInboxItems', { recipientId, action: READ, all: true })
    assert.equal(marked.changedCount, 0)
    const test = inboxCall({ testMode: true })
    assert.equal((await inbox.main.call('getInboxCounts', { recipientId }, test)).unreadCount, 0)
  })

  it('walks an index for every list of an inbox of 100,000 items', async () => {
    const { db } = inbox.database
    const recipientId = newId()
    await db.query({
      text: `INSERT INTO notify.inbox_items (project_id, live, recipient_id, item_id, message_id, content, group_key,
          seen_time, read_time, archive_time)
        SELECT $1, true, $2, ('01980000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, gen_random_uuid(),
          '{"title":"x","severity":1}', CASE WHEN n % 1000 = 0 THEN 'rare' ELSE 'common' END,
          CASE WHEN n % 500 > 0 THEN now() END, CASE WHEN n % 500 > 0 THEN now() END,
          CASE WHEN n % 500 > 1 THEN now() END
        FROM generate_series(1, 100000) n`,
      values: [TEST_PROJECT, recipientId],
    })
    await db.query({
      text: `INSERT INTO notify.inboxes VALUES ($1, true, $2, 1, 200, 200, 400)`,
      values: [TEST_PROJECT, recipientId],
    })
    await db.query({ text: 'ANALYZE notify.inbox_items' })
    const lists: [object, number][] = [
      [{}, 50],
      [{ view: InboxView.UNREAD }, 50],
      [{ view: InboxView.ARCHIVED }, 50],
      [{ view: InboxView.EVERYTHING }, 50],
      [{ view: InboxView.EVERYTHING, groupKey: 'rare' }, 50],
      [{ view: InboxView.UNREAD, groupKey: 'rare' }, 50],
    ]
    const before = await readRows(inbox.database.db)
    for (const [request, count] of lists) {
      const { items = [] } = await inbox.main.call('listInboxItems', { recipientId, ...request })
      assert.equal(items.length, count)
    }
    const after = await readRows(inbox.database.db)
    assert.ok(after - before < 20_000, `read ${after - before} rows for ${lists.length} pages`)
  })
})

/** Rows of the items' table and its indexes that were read so far, as the server counts them. */
async function readRows(db: { query<R>(query: { text: string }): Promise<{ rows: R[] }> }): Promise<number> {
  await db.query({ text: 'SELECT pg_stat_force_next_flush()' })
  const { rows } = await db.query<{ read: number }>({
    text: `SELECT (seq_tup_read + idx_tup_fetch)::int4 AS read FROM pg_stat_user_tables
      WHERE schemaname = 'notify' AND relname = 'inbox_items'`,
  })
  return rows[0]?.read ?? 0
}
