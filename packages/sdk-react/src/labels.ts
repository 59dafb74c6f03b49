/** Every word that the inbox says. */
export interface InboxLabels {
  title: string
  /** The bell's name. */
  bell(unreadCount: number): string
  all: string
  unread: string
  archived: string
  markAllRead: string
  markRead(title: string): string
  markUnread(title: string): string
  archive(title: string): string
  unarchive(title: string): string
  loadMore: string
  loading: string
  emptyAll: string
  emptyUnread: string
  emptyArchived: string
  offline: string
  failed: string
  /** Said by screen readers when something comes in. */
  arrived(title: string): string
  /** Said before the title of an item that is unread. */
  unreadItem: string
  ago(time: Date): string
}

export const englishLabels: InboxLabels = {
  title: 'Notifications',
  bell: (count) => (count === 0 ? 'Notifications' : `Notifications, ${count} unread`),
  all: 'All',
  unread: 'Unread',
  archived: 'Archived',
  markAllRead: 'Mark all read',
  markRead: (title) => `Mark as read: ${title}`,
  markUnread: (title) => `Mark as unread: ${title}`,
  archive: (title) => `Archive: ${title}`,
  unarchive: (title) => `Move back from the archive: ${title}`,
  loadMore: 'Load more',
  loading: 'Loading…',
  emptyAll: 'Nothing here yet.',
  emptyUnread: 'You have read everything.',
  emptyArchived: 'Nothing is archived.',
  offline: 'Reconnecting…',
  failed: 'That did not work. Please try again.',
  arrived: (title) => `New notification: ${title}`,
  unreadItem: 'Unread:',
  ago,
}

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

function ago(time: Date): string {
  const seconds = Math.max(0, (Date.now() - time.getTime()) / 1000)
  const [unit, size] = UNITS.find(([, least]) => seconds >= least) ?? ['minute', 60]
  if (seconds < 60) return 'just now'
  return new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' }).format(
    -Math.floor(seconds / size),
    unit,
  )
}
