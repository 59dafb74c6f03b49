import type { Message } from '@mainstay/proto/notify/v1'
import { Copyable } from '../../components/copy/copy-button.tsx'
import { columnsOf } from '../../components/data-table/columns.ts'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { formatDuration } from '../../format/duration.ts'
import { toMs } from '../../format/time.ts'
import { MessageStateMark } from '../../notify/message-state-mark.tsx'
import { classWord } from '../../notify/message-states.ts'

const helper = columnsOf<Message>()

/** The columns of the list, in the order an operator scans: how it stands, whom it is for, what it says. */
export const messageColumns = helper.columns([
  helper.display({
    id: 'state',
    meta: { title: 'State', width: '128px' },
    cell: ({ row }) => <MessageStateMark message={row.original} />,
  }),
  helper.display({
    id: 'to',
    meta: { title: 'To', width: '29%' },
    cell: ({ row }) => row.original.to,
  }),
  helper.display({
    id: 'subject',
    meta: { title: 'Subject' },
    cell: ({ row }) => <Subject message={row.original} />,
  }),
  helper.display({
    id: 'template',
    meta: { title: 'Template', width: '150px', fromPx: 1000, hiddenAtFirst: true },
    cell: ({ row }) => <span className="tabular text-xs text-ink-2">{row.original.template?.name}</span>,
  }),
  helper.display({
    id: 'class',
    meta: { title: 'Class', width: '124px', fromPx: 1000, hiddenAtFirst: true },
    cell: ({ row }) => <span className="text-ink-2">{classWord(row.original.messageClass)}</span>,
  }),
  helper.display({
    id: 'attempts',
    meta: { title: 'Attempts', width: '88px', fromPx: 760, align: 'right' },
    cell: ({ row }) => (
      <span className={row.original.attemptCount > 1 ? 'tabular text-warn' : 'tabular text-ink-2'}>
        {row.original.attemptCount}
      </span>
    ),
  }),
  helper.display({
    id: 'took',
    meta: { title: 'Took', width: '92px', fromPx: 680, align: 'right' },
    cell: ({ row }) => <span className="tabular text-ink-2">{tookOf(row.original)}</span>,
  }),
  helper.display({
    id: 'id',
    meta: { title: 'Id', width: '164px', fromPx: 920 },
    cell: ({ row }) => <Copyable text={row.original.messageId} what="message id" short />,
  }),
  helper.display({
    id: 'recipient',
    meta: { title: 'Recipient', width: '140px', fromPx: 1000, hiddenAtFirst: true },
    cell: ({ row }) => <span className="tabular text-xs">{row.original.recipientId}</span>,
  }),
  helper.display({
    id: 'created',
    meta: { title: 'Accepted', width: '108px', align: 'right' },
    cell: ({ row }) => (
      <span className="text-ink-2">
        <RelativeTime time={row.original.createTime} />
      </span>
    ),
  }),
])

function Subject({ message }: { message: Message }) {
  return (
    <>
      {message.subject}
      {message.possibleDuplicate && <span className="ml-2 text-xs text-warn">possible duplicate</span>}
    </>
  )
}

/** From acceptance, or the time it was to be sent, to the provider's answer. */
function tookOf(message: Message): string {
  const done = toMs(message.sentTime)
  const from = Math.max(toMs(message.createTime) ?? 0, toMs(message.sendTime) ?? 0)
  return done === undefined ? '' : formatDuration(Math.max(0, done - from))
}

/** The row on a phone: who and how it stands, then what and when. */
export function compactMessage(message: Message) {
  return {
    first: message.to,
    aside: <MessageStateMark message={message} />,
    second: (
      <>
        <span className="min-w-0 flex-1 truncate">{message.subject}</span>
        <span className="shrink-0 text-ink-3">
          <RelativeTime time={message.createTime} />
        </span>
      </>
    ),
  }
}
