import {
  createInboxClient,
  type InboxAction,
  type InboxChange,
  type InboxClientOptions,
  type InboxCounts,
  type InboxItem,
  type InboxView,
  isReason,
} from '@mainstay/sdk/inbox'
import {
  acted,
  apply,
  belongs,
  known,
  type Lists,
  NO_LISTS,
  put,
  remove,
  withLoading,
  withPage,
} from './lists.ts'

export interface InboxState {
  lists: Lists
  counts: InboxCounts
  /** Whether the counts are known. */
  isReady: boolean
  /** Whether changes come in as they happen; while they do not, they are being reconnected to. */
  isLive: boolean
  /** What the person did last and the server refused or did not hear. */
  error: unknown
  /** What came in last while it was live, to be told to people who do not see it. */
  newest: InboxItem | undefined
}

/** One inbox for a page: what is loaded of it, kept up to date. */
export interface InboxStore {
  subscribe(listener: () => void): () => void
  get(): InboxState
  /** Connects; the returned function ends it. */
  connect(): () => void
  /** Loads a view's first page afresh. */
  open(view: InboxView): Promise<void>
  /** Loads a view's next page, if there is one. */
  loadMore(view: InboxView): Promise<void>
  mark(action: InboxAction, items: readonly InboxItem[]): Promise<void>
  /** Marks all that is here by now; what comes in meanwhile stays new. */
  markAll(action: InboxAction): Promise<void>
  remove(item: InboxItem): Promise<void>
}

const NO_COUNTS: InboxCounts = { unreadCount: 0, unseenCount: 0, currentCount: 0 }
const RETRY_MS = 2000

export function createInboxStore(options: InboxClientOptions & { pageSize: number }): InboxStore {
  const client = createInboxClient(options)
  const { pageSize } = options
  const listeners = new Set<() => void>()
  let state: InboxState = {
    ...{ lists: NO_LISTS, counts: NO_COUNTS, isReady: false, isLive: false },
    ...{ error: undefined, newest: undefined },
  }

  function set(change: Partial<InboxState>): void {
    state = { ...state, ...change }
    for (const listener of listeners) listener()
  }

  /** From the newest page on everything that happens is followed; after too long a break, it begins anew. */
  async function follow(signal: AbortSignal): Promise<void> {
    const { counts, resumeToken } = await client.list({ pageSize: 1 }, signal)
    set({ counts, isReady: true })
    const opened = (Object.keys(state.lists) as InboxView[]).filter(
      (view) => state.lists[view].nextPageToken !== undefined,
    )
    await Promise.all(opened.map(load))
    const onConnection = (isLive: boolean): void => {
      if (state.isLive !== isLive && !signal.aborted) set({ isLive })
    }
    for await (const change of client.watch({ resumeToken, signal, onConnection })) take(change)
  }

  function take(change: InboxChange): void {
    const { item } = change
    const isNew =
      item !== undefined &&
      item.seenTime === '' &&
      !known(state.lists).some((one) => one.itemId === item.itemId)
    set({ lists: apply(state.lists, change), counts: change.counts, ...(isNew && { newest: item }) })
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await follow(signal)
      } catch (error) {
        if (signal.aborted) return
        set({ isLive: false, ...(!isReason(error, 'notify.resume_token_invalid') && { error }) })
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * (0.5 + Math.random())))
    }
  }

  async function load(view: InboxView): Promise<void> {
    set({ lists: withLoading(state.lists, view, true) })
    try {
      const page = await client.list({ view, pageSize })
      set({ lists: withPage(state.lists, view, page, true), counts: page.counts, isReady: true })
    } catch (error) {
      set({ lists: withLoading(state.lists, view, false), error })
    }
  }

  /** Shows what was done at once, and takes it back when the server did not do it. */
  async function attempt(
    change: Partial<InboxState>,
    undo: () => Lists,
    send: () => Promise<InboxCounts>,
  ): Promise<void> {
    set({ ...change, error: undefined })
    try {
      set({ counts: await send() })
    } catch (error) {
      set({ lists: undo(), error })
      await client.counts().then(
        (counts) => set({ counts }),
        () => undefined,
      )
    }
  }

  return {
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    get: () => state,
    connect() {
      const ending = new AbortController()
      void run(ending.signal)
      return () => ending.abort()
    },
    open: load,
    async loadMore(view) {
      const { nextPageToken, isLoading } = state.lists[view]
      if (isLoading || !nextPageToken) return
      set({ lists: withLoading(state.lists, view, true) })
      try {
        const page = await client.list({ view, pageSize, pageToken: nextPageToken })
        set({ lists: withPage(state.lists, view, page, false) })
      } catch (error) {
        set({ lists: withLoading(state.lists, view, false), error })
      }
    },
    async mark(action, items) {
      const time = new Date().toISOString()
      const after = items.map((item) => acted(item, action, time))
      const back = (): Lists => items.reduce(put, state.lists)
      const change = { lists: after.reduce(put, state.lists), counts: counted(state.counts, items, after) }
      await attempt(change, back, () => client.mark(action, { itemIds: items.map(({ itemId }) => itemId) }))
    },
    async markAll(action) {
      const items = known(state.lists)
      // Ids are in the order of their times.
      const newest = items.toSorted((a, b) => (a.itemId < b.itemId ? 1 : -1))[0]?.createTime ?? ''
      const time = new Date().toISOString()
      const after = items.map((item) => acted(item, action, time))
      const change = { lists: after.reduce(put, state.lists), counts: countedAll(state.counts, action) }
      const back = (): Lists => items.reduce(put, state.lists)
      await attempt(change, back, () =>
        client.mark(action, newest === '' ? { all: true } : { all: true, untilTime: newest }),
      )
    },
    async remove(item) {
      const change = {
        lists: remove(state.lists, item.itemId),
        counts: counted(state.counts, [item], [GONE]),
      }
      await attempt(
        change,
        () => put(state.lists, item),
        () => client.remove(item.itemId),
      )
    },
  }
}

/** Counts for nothing. */
const GONE = { seenTime: 'x', readTime: 'x', archiveTime: 'x' } as InboxItem

function counted(
  counts: InboxCounts,
  before: readonly InboxItem[],
  after: readonly InboxItem[],
): InboxCounts {
  const change = (is: (item: InboxItem) => boolean): number =>
    after.filter(is).length - before.filter(is).length
  const atLeastNone = (count: number): number => Math.max(0, count)
  return {
    unreadCount: atLeastNone(counts.unreadCount + change((item) => belongs('unread', item))),
    unseenCount: atLeastNone(counts.unseenCount + change((item) => item.seenTime === '')),
    currentCount: atLeastNone(counts.currentCount + change((item) => belongs('current', item))),
  }
}

/** As it will most likely be; the answer says how it is. */
function countedAll(counts: InboxCounts, action: InboxAction): InboxCounts {
  if (action === 'seen') return { ...counts, unseenCount: 0 }
  if (action === 'read') return { ...counts, unseenCount: 0, unreadCount: 0 }
  return action === 'archive' ? NO_COUNTS : counts
}
