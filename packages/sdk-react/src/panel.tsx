import type { InboxItem, InboxView } from '@mainstay/sdk/inbox'
import { type KeyboardEvent, type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react'
import { type InboxHook, useInbox } from './hooks.ts'
import { ItemRow } from './item-row.tsx'
import type { InboxLabels } from './labels.ts'
import { useStore } from './provider.tsx'

const TABS = ['current', 'unread', 'archived'] as const satisfies readonly InboxView[]
type Tab = (typeof TABS)[number]

export interface PanelProps {
  id: string
  align: 'start' | 'end'
  labels: InboxLabels
  close(): void
  onItemClick: ((item: InboxItem, event: { preventDefault(): void }) => void) | undefined
  renderIcon: ((item: InboxItem) => ReactNode) | undefined
}

/** What the bell opens: tabs, and a list that loads on as it is scrolled. Showing items marks them as seen. */
export function Panel({ id, align, labels, close, onItemClick, renderIcon }: PanelProps): ReactElement {
  const store = useStore()
  const [tab, setTab] = useState<Tab>('current')
  const inbox = useInbox(tab)
  const selected = useRef<HTMLButtonElement>(null)
  const { unseenCount, unreadCount } = inbox.counts
  const isShown = inbox.items.length > 0

  useEffect(() => selected.current?.focus(), [])
  useEffect(() => {
    if (unseenCount > 0 && isShown) void store.markAll('seen')
  }, [store, unseenCount, isShown])

  const names = { current: labels.all, unread: labels.unread, archived: labels.archived }
  const moveTab = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length] ?? tab
    setTab(next)
    document.getElementById(`${id}-${next}`)?.focus()
  }
  return (
    <div className="mainstay-inbox-panel" id={id} role="dialog" aria-label={labels.title} data-align={align}>
      <div className="mainstay-inbox-head">
        <h2 className="mainstay-inbox-title">{labels.title}</h2>
        <button
          type="button"
          className="mainstay-inbox-link"
          disabled={unreadCount === 0}
          onClick={() => void inbox.markAll('read')}
        >
          {labels.markAllRead}
        </button>
      </div>
      <div className="mainstay-inbox-tabs" role="tablist" aria-label={labels.title} onKeyDown={moveTab}>
        {TABS.map((one) => (
          <button
            key={one}
            id={`${id}-${one}`}
            ref={one === tab ? selected : undefined}
            type="button"
            role="tab"
            className="mainstay-inbox-tab"
            aria-selected={one === tab}
            aria-controls={`${id}-list`}
            tabIndex={one === tab ? 0 : -1}
            onClick={() => setTab(one)}
          >
            {names[one]}
            {one === 'unread' && unreadCount > 0 && (
              <span className="mainstay-inbox-count">{unreadCount}</span>
            )}
          </button>
        ))}
      </div>
      <Notices inbox={inbox} labels={labels} />
      <List
        key={tab}
        listId={`${id}-list`}
        tabId={`${id}-${tab}`}
        inbox={inbox}
        labels={labels}
        empty={{ current: labels.emptyAll, unread: labels.emptyUnread, archived: labels.emptyArchived }[tab]}
      >
        {inbox.items.map((item) => (
          <ItemRow
            key={item.itemId}
            item={item}
            labels={labels}
            icon={renderIcon?.(item)}
            mark={inbox.mark}
            onOpen={(event) => {
              onItemClick?.(item, event)
              if (item.readTime === '') void inbox.mark('read', item)
              if (item.actionUrl !== '') close()
            }}
          />
        ))}
      </List>
    </div>
  )
}

function Notices({ inbox, labels }: { inbox: InboxHook; labels: InboxLabels }): ReactElement {
  return (
    <div role="status" className="mainstay-inbox-notices">
      {inbox.error !== undefined && inbox.isLive && <p className="mainstay-inbox-notice">{labels.failed}</p>}
      {!inbox.isLive && !inbox.isLoading && <p className="mainstay-inbox-notice">{labels.offline}</p>}
    </div>
  )
}

interface ListProps {
  listId: string
  tabId: string
  inbox: InboxHook
  labels: InboxLabels
  empty: string
  children: ReactElement[]
}

function List({ listId, tabId, inbox, labels, empty, children }: ListProps): ReactElement {
  const { hasMore, isLoading, loadMore } = inbox
  const end = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const target = end.current
    if (target === null || !hasMore || typeof IntersectionObserver === 'undefined') return
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) void loadMore()
    })
    observer.observe(target)
    return () => observer.disconnect()
  }, [hasMore, loadMore])
  return (
    <div className="mainstay-inbox-list" id={listId} role="tabpanel" aria-labelledby={tabId} tabIndex={-1}>
      {children.length > 0 && <ul className="mainstay-inbox-items">{children}</ul>}
      {children.length === 0 && <p className="mainstay-inbox-empty">{isLoading ? labels.loading : empty}</p>}
      {hasMore && (
        <div ref={end}>
          <button
            type="button"
            className="mainstay-inbox-more"
            disabled={isLoading}
            onClick={() => void loadMore()}
          >
            {isLoading ? labels.loading : labels.loadMore}
          </button>
        </div>
      )}
    </div>
  )
}
