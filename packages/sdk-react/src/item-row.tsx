import type { InboxAction, InboxItem } from '@mainstay/sdk/inbox'
import type { MouseEvent, ReactElement, ReactNode } from 'react'
import { ArchiveIcon, CheckIcon, DotIcon } from './icons.tsx'
import type { InboxLabels } from './labels.ts'
import { safeHref } from './safe-href.ts'

interface ItemRowProps {
  item: InboxItem
  labels: InboxLabels
  icon: ReactNode
  mark(action: InboxAction, item: InboxItem): Promise<void>
  onOpen(event: MouseEvent): void
}

/** One item: a click on its text opens it; two buttons mark it and put it away. */
export function ItemRow({ item, labels, icon, mark, onOpen }: ItemRowProps): ReactElement {
  const { title, body, actionLabel, imageUrl } = item
  const isUnread = item.readTime === ''
  const isArchived = item.archiveTime !== ''
  const href = safeHref(item.actionUrl)
  const time = new Date(item.createTime)
  const text = (
    <>
      <span className="mainstay-inbox-item-title">
        {isUnread && <span className="mainstay-inbox-hidden">{labels.unreadItem} </span>}
        {title}
      </span>
      {body !== '' && <span className="mainstay-inbox-item-body">{body}</span>}
      {actionLabel !== '' && href !== undefined && (
        <span className="mainstay-inbox-item-action">{actionLabel}</span>
      )}
      <time className="mainstay-inbox-item-time" dateTime={item.createTime} title={time.toLocaleString()}>
        {labels.ago(time)}
      </time>
    </>
  )
  return (
    <li className="mainstay-inbox-item" data-unread={isUnread} data-severity={item.severity}>
      <span className="mainstay-inbox-item-icon" aria-hidden="true">
        {icon ?? (imageUrl === '' ? <DotIcon /> : <img src={imageUrl} alt="" />)}
      </span>
      {href === undefined ? (
        <button type="button" className="mainstay-inbox-item-text" onClick={onOpen}>
          {text}
        </button>
      ) : (
        <a className="mainstay-inbox-item-text" href={href} onClick={onOpen}>
          {text}
        </a>
      )}
      <span className="mainstay-inbox-item-buttons">
        {!isArchived && (
          <button
            type="button"
            aria-label={isUnread ? labels.markRead(title) : labels.markUnread(title)}
            title={isUnread ? labels.markRead(title) : labels.markUnread(title)}
            onClick={() => void mark(isUnread ? 'read' : 'unread', item)}
          >
            {isUnread ? <CheckIcon /> : <DotIcon />}
          </button>
        )}
        <button
          type="button"
          aria-label={isArchived ? labels.unarchive(title) : labels.archive(title)}
          title={isArchived ? labels.unarchive(title) : labels.archive(title)}
          onClick={() => void mark(isArchived ? 'unarchive' : 'archive', item)}
        >
          <ArchiveIcon />
        </button>
      </span>
    </li>
  )
}
