import type { InboxAction, InboxChange, InboxItem, InboxView } from '@mainstay/sdk/inbox'

/** What was loaded of one view. */
export interface ItemList {
  /** Newest first. */
  items: readonly InboxItem[]
  /** Empty: there is no more. Undefined: nothing was loaded yet. */
  nextPageToken: string | undefined
  isLoading: boolean
}

export type Lists = Readonly<Record<InboxView, ItemList>>

const EMPTY: ItemList = { items: [], nextPageToken: undefined, isLoading: false }
const VIEWS: readonly InboxView[] = ['current', 'unread', 'archived', 'everything']

export const NO_LISTS: Lists = { current: EMPTY, unread: EMPTY, archived: EMPTY, everything: EMPTY }

/** Whether a view shows an item. */
export function belongs(view: InboxView, item: InboxItem): boolean {
  if (view === 'everything') return true
  if (view === 'archived') return item.archiveTime !== ''
  return view === 'current' ? item.archiveTime === '' : item.readTime === ''
}

/** An item as it is after an action. What is put away is read, and what is read was seen. */
export function acted(item: InboxItem, action: InboxAction, time: string): InboxItem {
  const seenTime = item.seenTime || time
  const readTime = item.readTime || time
  switch (action) {
    case 'seen':
      return { ...item, seenTime }
    case 'read':
      return { ...item, seenTime, readTime }
    case 'unread':
      return { ...item, readTime: '', archiveTime: '' }
    case 'archive':
      return { ...item, seenTime, readTime, archiveTime: item.archiveTime || time }
    case 'unarchive':
      return { ...item, archiveTime: '' }
  }
}

/** Puts an item as it is now into every view that was loaded and shows it. */
export function put(lists: Lists, item: InboxItem): Lists {
  return map(lists, (list, view) => {
    if (list.nextPageToken === undefined) return list
    const at = list.items.findIndex(({ itemId }) => itemId === item.itemId)
    // What was just read stays where the person reads it, until the view is opened again.
    const isShown = belongs(view, item) || (view === 'unread' && at >= 0 && item.archiveTime === '')
    if (at >= 0 && isShown) return { ...list, items: list.items.with(at, item) }
    if (at >= 0) return { ...list, items: list.items.toSpliced(at, 1) }
    return isShown && isLoadedUpTo(list, item) ? { ...list, items: inserted(list.items, item) } : list
  })
}

export function remove(lists: Lists, itemId: string): Lists {
  return map(lists, (list) => {
    const items = list.items.filter((item) => item.itemId !== itemId)
    return items.length === list.items.length ? list : { ...list, items }
  })
}

/** Does what a change says that came over the stream. */
export function apply(lists: Lists, { item, deletedItemId, sweep }: InboxChange): Lists {
  if (item !== undefined) return put(lists, item)
  if (deletedItemId !== undefined) return remove(lists, deletedItemId)
  if (sweep === undefined) return lists
  const { action, markTime, category, groupKey } = sweep
  const untilMs = Date.parse(sweep.untilTime)
  let after = lists
  for (const one of known(lists)) {
    const isMeant =
      Date.parse(one.createTime) <= untilMs &&
      (category === '' || one.category === category) &&
      (groupKey === '' || one.groupKey === groupKey)
    if (isMeant) after = put(after, acted(one, action, markTime))
  }
  return after
}

/** Every item that was loaded in some view, once. */
export function known(lists: Lists): InboxItem[] {
  return [...new Map(VIEWS.flatMap((view) => lists[view].items).map((item) => [item.itemId, item])).values()]
}

/** A view with a further page; the first page replaces what was there. */
export function withPage(
  lists: Lists,
  view: InboxView,
  page: { items: readonly InboxItem[]; nextPageToken: string },
  isFirst: boolean,
): Lists {
  const before = isFirst ? [] : lists[view].items
  const ids = new Set(before.map(({ itemId }) => itemId))
  const items = [...before, ...page.items.filter(({ itemId }) => !ids.has(itemId))]
  return { ...lists, [view]: { items, nextPageToken: page.nextPageToken, isLoading: false } }
}

export function withLoading(lists: Lists, view: InboxView, isLoading: boolean): Lists {
  return { ...lists, [view]: { ...lists[view], isLoading } }
}

/** Whether an item's place is among what was loaded: ids are in the order of their times. */
function isLoadedUpTo({ items, nextPageToken }: ItemList, { itemId }: InboxItem): boolean {
  const last = items.at(-1)
  return nextPageToken === '' || last === undefined || itemId > last.itemId
}

function inserted(items: readonly InboxItem[], item: InboxItem): InboxItem[] {
  const at = items.findIndex(({ itemId }) => itemId < item.itemId)
  return at < 0 ? [...items, item] : items.toSpliced(at, 0, item)
}

function map(lists: Lists, fn: (list: ItemList, view: InboxView) => ItemList): Lists {
  let after = lists
  for (const view of VIEWS) {
    const list = fn(lists[view], view)
    if (list !== lists[view]) after = { ...after, [view]: list }
  }
  return after
}
