import type { InboxItem } from '@mainstay/sdk/inbox'
import { type ReactElement, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { useInboxState } from './hooks.ts'
import { BellIcon } from './icons.tsx'
import { englishLabels, type InboxLabels } from './labels.ts'
import { Panel } from './panel.tsx'
import { css } from './styles.ts'

export interface InboxProps {
  /** Default: the system's. */
  theme?: 'auto' | 'light' | 'dark'
  /** The side of the bell that the list lines up with. Default: `end`. */
  align?: 'start' | 'end'
  /** Words in your language; those left out are English. */
  labels?: Partial<InboxLabels>
  /**
   * Called when an item is opened. Prevent the event's default to keep the browser from following the item's link, for example to
   * let a router do it.
   */
  onItemClick?: (item: InboxItem, event: { preventDefault(): void }) => void
  /** An icon for an item, by its `icon` and `severity`. Default: a dot in the severity's colour. */
  renderIcon?: (item: InboxItem) => ReactNode
  /** Leaves our style sheet out: yours styles the `mainstay-inbox…` classes. Default: false. */
  unstyled?: boolean
}

/** A bell with the number of unread items, and the list that it opens. Stands inside an `<InboxProvider>`. */
export function Inbox(props: InboxProps): ReactElement {
  const { theme = 'auto', align = 'end', unstyled = false } = props
  const labels = { ...englishLabels, ...props.labels }
  const { counts, newest, isReady } = useInboxState()
  const [isOpen, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const bell = useRef<HTMLButtonElement>(null)
  const panelId = useId()

  useEffect(() => {
    if (!isOpen) return
    const closeOutside = (event: Event): void => {
      if (event.target instanceof Node && root.current?.contains(event.target) === false) setOpen(false)
    }
    const closeByKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      setOpen(false)
      bell.current?.focus()
    }
    document.addEventListener('pointerdown', closeOutside)
    document.addEventListener('keydown', closeByKey)
    return () => {
      document.removeEventListener('pointerdown', closeOutside)
      document.removeEventListener('keydown', closeByKey)
    }
  }, [isOpen])

  const { unreadCount } = counts
  return (
    <div className="mainstay-inbox" data-theme={theme} ref={root}>
      {unstyled ? null : <style>{css}</style>}
      <button
        ref={bell}
        type="button"
        className="mainstay-inbox-bell"
        aria-label={labels.bell(unreadCount)}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        aria-controls={isOpen ? panelId : undefined}
        data-ready={isReady}
        onClick={() => setOpen(!isOpen)}
      >
        <BellIcon />
        {unreadCount > 0 && (
          <span className="mainstay-inbox-badge" aria-hidden="true">
            {unreadCount > 99 ? '99+' : unreadCount}
          </span>
        )}
      </button>
      <span role="status" className="mainstay-inbox-hidden">
        {newest === undefined ? '' : labels.arrived(newest.title)}
      </span>
      {isOpen && (
        <Panel
          id={panelId}
          align={align}
          labels={labels}
          close={() => setOpen(false)}
          onItemClick={props.onItemClick}
          renderIcon={props.renderIcon}
        />
      )}
    </div>
  )
}
