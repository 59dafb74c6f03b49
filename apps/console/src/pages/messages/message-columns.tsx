import type { Message } from '@mainstay/proto/notify/v1'
import { Copyable } from '../../components/copy/copy-button.tsx'
import type { Column } from '../../components/data-table/columns.ts'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { formatDuration } from '../../format/duration.ts'
import { toMs } from '../../format/time.ts'
import { ChannelMark } from '../../notify/channel-mark.tsx'
import { MessageStateMark } from '../../notify/message-state-mark.tsx'
import { classWord } from '../../notify/message-states.ts'

/** The columns of the list, in the order an operator scans: how it stands, whom it is for, what it says. */
export const messageColumns: Column<Message>[] = [
  {
    id: 'state',
    title: 'State',
    width: '128px',
    cell: (message) => <MessageStateMark message={message} />,
  },
  {
    id: 'channel',
    title: 'Channel',
    width: '112px',
    fromPx: 860,
    cell: (message) => (
      <span className="text-ink-2">
        <ChannelMark channel={message.channel} />
      </span>
    ),
  },
  {
    id: 'to',
    title: 'To',
    width: '26%',
    cell: (message) => message.to,
  },
  {
    id: 'subject',
    title: 'Subject',
    cell: (message) => <Subject message={message} />,
  },
  {
    id: 'template',
    title: 'Template',
    width: '150px',
    fromPx: 1000,
    hiddenAtFirst: true,
    cell: (message) => <span className="tabular text-xs text-ink-2">{message.template?.name}</span>,
  },
  {
    id: 'class',
    title: 'Class',
    width: '124px',
    fromPx: 1000,
    hiddenAtFirst: true,
    cell: (message) => <span className="text-ink-2">{classWord(message.messageClass)}</span>,
  },
  {
    id: 'attempts',
    title: 'Attempts',
    width: '88px',
    fromPx: 760,
    align: 'right',
    cell: (message) => (
      <span className={message.attemptCount > 1 ? 'tabular text-warn' : 'tabular text-ink-2'}>
        {message.attemptCount}
      </span>
    ),
  },
  {
    id: 'took',
    title: 'Took',
    width: '92px',
    fromPx: 680,
    align: 'right',
    cell: (message) => <span className="tabular text-ink-2">{tookOf(message)}</span>,
  },
  {
    id: 'id',
    title: 'Id',
    width: '164px',
    fromPx: 920,
    cell: (message) => <Copyable text={message.messageId} what="message id" short />,
  },
  {
    id: 'recipient',
    title: 'Recipient',
    width: '140px',
    fromPx: 1000,
    hiddenAtFirst: true,
    cell: (message) => <span className="tabular text-xs">{message.recipientId}</span>,
  },
  {
    id: 'created',
    title: 'Accepted',
    width: '108px',
    align: 'right',
    cell: (message) => (
      <span className="text-ink-2">
        <RelativeTime time={message.createTime} />
      </span>
    ),
  },
]

function Subject({ message }: { message: Message }) {
  return (
    <span className="flex min-w-0 items-baseline gap-2">
      <span className="truncate">{message.subject}</span>
      {message.possibleDuplicate && <span className="shrink-0 text-xs text-warn">possible duplicate</span>}
    </span>
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
    first: (
      <>
        <span className="mr-1.5">
          <ChannelMark channel={message.channel} iconOnly />
        </span>
        {message.to}
      </>
    ),
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
