import type { Recipient } from '@mainstay/proto/notify/v1'
import type { Column } from '../../components/data-table/columns.ts'
import { RelativeTime } from '../../components/time/relative-time.tsx'

/** The columns of the list: who, where they are reached, and where they are. */
export const recipientColumns: Column<Recipient>[] = [
  {
    id: 'id',
    title: 'Id',
    width: '24%',
    cell: ({ recipientId }) => <span className="tabular text-xs">{recipientId}</span>,
  },
  { id: 'name', title: 'Name', cell: ({ displayName }) => displayName },
  {
    id: 'email',
    title: 'Email',
    width: '24%',
    cell: ({ email }) => <span className="text-ink-2">{email}</span>,
  },
  {
    id: 'phone',
    title: 'Phone',
    width: '140px',
    fromPx: 860,
    cell: ({ phone }) => <span className="tabular text-xs text-ink-2">{phone}</span>,
  },
  {
    id: 'locale',
    title: 'Language',
    width: '88px',
    fromPx: 760,
    cell: ({ locale }) => <span className="text-ink-2">{locale}</span>,
  },
  {
    id: 'timezone',
    title: 'Time zone',
    width: '148px',
    fromPx: 1000,
    cell: ({ timezone }) => <span className="text-ink-2">{timezone}</span>,
  },
  {
    id: 'updated',
    title: 'Changed',
    width: '108px',
    align: 'right',
    fromPx: 620,
    cell: ({ updateTime }) => (
      <span className="text-ink-2">
        <RelativeTime time={updateTime} />
      </span>
    ),
  },
]

/** The row on a phone: who, then how they are reached. */
export function compactRecipient({ recipientId, displayName, email, phone, locale }: Recipient) {
  return {
    first: displayName || recipientId,
    aside: locale,
    second: <span className="min-w-0 flex-1 truncate">{email || phone || recipientId}</span>,
  }
}
