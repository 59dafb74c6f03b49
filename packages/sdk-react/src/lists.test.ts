import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { InboxItem } from '@mainstay/sdk/inbox'
import { acted, apply, known, NO_LISTS, put, remove, withPage } from './lists.ts'

const NO_COUNTS = { unreadCount: 0, unseenCount: 0, currentCount: 0 }

function item(n: number, changes: Partial<InboxItem> = {}): InboxItem {
  return {
    ...{
      itemId: `itm_${String(n).padStart(26, '0')}`,
      messageId: '',
      title: `${n}`,
      body: '',
      actionUrl: '',
    },
    ...{
      actionLabel: '',
      imageUrl: '',
      icon: '',
      severity: 'info' as const,
      data: {},
      groupKey: '',
      category: '',
    },
    ...{ createTime: new Date(n * 1000).toISOString(), seenTime: '', readTime: '', archiveTime: '' },
    ...changes,
  }
}

describe('the lists of an inbox', () => {
  const titles = (items: readonly InboxItem[]) => items.map(({ title }) => title).join(' ')
  const loaded = withPage(
    NO_LISTS,
    'current',
    { items: [item(9), item(7), item(5)], nextPageToken: 'more' },
    true,
  )

  it('take in what is new at its place, and not what lies beyond what was loaded', () => {
    assert.equal(titles(put(loaded, item(10)).current.items), '10 9 7 5')
    assert.equal(titles(put(loaded, item(8)).current.items), '9 8 7 5')
    assert.equal(titles(put(loaded, item(3)).current.items), '9 7 5', 'the next page brings it')
    const whole = withPage(loaded, 'current', { items: [], nextPageToken: '' }, false)
    assert.equal(titles(put(whole, item(3)).current.items), '9 7 5 3')
    assert.equal(put(loaded, item(10)).unread.items.length, 0, 'a view that was not loaded stays so')
  })

  it('let go of what was put away, and keep what was just read in sight', () => {
    const both = withPage(loaded, 'unread', { items: [item(9), item(7)], nextPageToken: '' }, true)
    const read = put(both, acted(item(9), 'read', 'now'))
    assert.equal(titles(read.unread.items), '9 7')
    assert.equal(read.unread.items[0]?.readTime, 'now')
    const archived = put(read, acted(item(9), 'archive', 'now'))
    assert.deepEqual([titles(archived.current.items), titles(archived.unread.items)], ['7 5', '7'])
    assert.equal(titles(remove(archived, item(7).itemId).current.items), '5')
  })

  it('do to all up to a time what a sweep says', () => {
    const sweep = {
      action: 'read',
      untilTime: item(7).createTime,
      markTime: 'now',
      category: '',
      groupKey: '',
    } as const
    const after = apply(loaded, { sweep, counts: NO_COUNTS, resumeToken: '' })
    assert.deepEqual(
      known(after).map(({ readTime }) => readTime),
      ['', 'now', 'now'],
    )
    const others = apply(loaded, { sweep: { ...sweep, groupKey: 'x' }, counts: NO_COUNTS, resumeToken: '' })
    assert.equal(known(others).filter(({ readTime }) => readTime !== '').length, 0)
  })

  it('hold each item once, however pages and changes overlap', () => {
    const more = withPage(
      put(loaded, item(4)),
      'current',
      { items: [item(5), item(4)], nextPageToken: '' },
      false,
    )
    assert.equal(titles(more.current.items), '9 7 5 4')
    assert.equal(acted(item(1, { readTime: 'a', archiveTime: 'b' }), 'unread', 'c').archiveTime, '')
  })
})
