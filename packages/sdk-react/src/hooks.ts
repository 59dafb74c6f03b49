import type { InboxAction, InboxCounts, InboxItem, InboxView } from '@mainstay/sdk/inbox'
import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react'
import { useStore } from './provider.tsx'
import type { InboxState } from './store.ts'

/** An inbox, and what can be done with it. Everything is shown at once and taken back when the server did not do it. */
export interface InboxHook {
  /** Newest first. */
  items: readonly InboxItem[]
  counts: InboxCounts
  isLoading: boolean
  /** Whether `loadMore` would bring more. */
  hasMore: boolean
  /** False while changes cannot be heard of; they are made up for. */
  isLive: boolean
  /** What went wrong last; undefined when the last thing went well. */
  error: unknown
  loadMore(): Promise<void>
  mark(action: InboxAction, items: InboxItem | readonly InboxItem[]): Promise<void>
  /** Marks all that is here by now. */
  markAll(action: InboxAction): Promise<void>
  remove(item: InboxItem): Promise<void>
}

export function useInboxState(): InboxState {
  const store = useStore()
  return useSyncExternalStore(store.subscribe, store.get, store.get)
}

/** The items of a view, live. Default: all that were not put away. */
export function useInbox(view: InboxView = 'current'): InboxHook {
  const store = useStore()
  const { lists, counts, isLive, error } = useInboxState()
  const { items, nextPageToken, isLoading } = lists[view]
  useEffect(() => {
    void store.open(view)
  }, [store, view])
  const mark = useCallback(
    (action: InboxAction, one: InboxItem | readonly InboxItem[]) =>
      store.mark(action, 'itemId' in one ? [one] : one),
    [store],
  )
  const actions = useMemo(
    () => ({
      mark,
      markAll: store.markAll,
      remove: store.remove,
      loadMore: () => store.loadMore(view),
    }),
    [store, view, mark],
  )
  const hasMore = nextPageToken !== undefined && nextPageToken !== ''
  return {
    items,
    counts,
    isLoading: isLoading || nextPageToken === undefined,
    hasMore,
    isLive,
    error,
    ...actions,
  }
}

/** How many items are unread, live: for a badge of your own. */
export function useUnreadCount(): number {
  return useInboxState().counts.unreadCount
}
