import type { SandboxItem } from '@mainstay/proto/notify/v1/sandbox'
import { ArrowLeft } from 'lucide-react'
import { Link } from 'react-router'
import { cx } from '../../class-names.ts'
import { IconButton } from '../../components/button/button.tsx'
import { ScrollRegion } from '../../components/scroll-region/scroll-region.tsx'
import { formatDayAndMinute, toMs } from '../../format/time.ts'
import { ChannelMark } from '../../notify/channel-mark.tsx'
import { channelNamed } from '../../notify/channels.ts'
import type { Conversation } from './conversations.ts'

/** The conversations, or one of them as bubbles, the newest at the bottom where the thumb is. */
export function MessagesApp({
  conversations,
  open,
  onOpen,
}: {
  conversations: readonly Conversation[]
  open: Conversation | undefined
  onOpen: (id: string | undefined) => void
}) {
  if (open) return <Thread conversation={open} onBack={() => onOpen(undefined)} />
  return (
    <>
      <h2 className="px-5 pt-2 pb-3 text-xl font-semibold max-lg:hidden">Messages</h2>
      <ScrollRegion label="Conversations, scrollable" className="min-h-0 flex-1 overflow-y-auto">
        <ul aria-label="Conversations">
          {conversations.map((conversation) => (
            <li key={conversation.id}>
              <ConversationRow conversation={conversation} onOpen={() => onOpen(conversation.id)} />
            </li>
          ))}
        </ul>
      </ScrollRegion>
    </>
  )
}

function ConversationRow({ conversation, onOpen }: { conversation: Conversation; onOpen: () => void }) {
  const [newest] = conversation.items
  return (
    <button
      type="button"
      onClick={onOpen}
      className="flex w-full items-center gap-3 border-b border-line px-4 py-2.5 text-left hover:bg-hover focus-visible:-outline-offset-2"
    >
      <Avatar name={conversation.sender} />
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-2">
          <span className="min-w-0 flex-1 truncate text-sm font-medium">{conversation.sender}</span>
          <span className="shrink-0 text-xs text-ink-3">{timeOf(newest)}</span>
        </span>
        <span className="flex items-center gap-2 text-xs text-ink-2">
          <span className="min-w-0 flex-1 truncate">{newest && textOf(newest)}</span>
          <ChannelMark channel={channelNamed(conversation.channel)} />
        </span>
      </span>
    </button>
  )
}

function Thread({ conversation, onBack }: { conversation: Conversation; onBack: () => void }) {
  const { sender, channel, items } = conversation
  return (
    <>
      <div className="flex shrink-0 items-center gap-2 border-b border-line px-3 py-2">
        <IconButton label="All conversations" onClick={onBack}>
          <ArrowLeft />
        </IconButton>
        <h2 className="min-w-0 flex-1 truncate text-sm font-semibold">{sender}</h2>
        <span className="text-xs text-ink-2">
          <ChannelMark channel={channelNamed(channel)} />
        </span>
      </div>
      <ScrollRegion
        label={`From ${sender}, scrollable`}
        className="flex min-h-0 flex-1 flex-col-reverse overflow-y-auto px-4 py-3"
      >
        <ol aria-label={`From ${sender}`} className="flex flex-col gap-3">
          {items.toReversed().map((item) => (
            <Bubble key={item.itemId} item={item} />
          ))}
        </ol>
      </ScrollRegion>
    </>
  )
}

function Bubble({ item }: { item: SandboxItem }) {
  const isWhatsapp = item.channel === 'CHANNEL_WHATSAPP'
  return (
    <li className="max-w-[86%] animate-rise">
      <div
        className={cx(
          'rounded-2xl rounded-bl-sm px-3.5 py-2 text-base whitespace-pre-wrap [overflow-wrap:anywhere]',
          isWhatsapp ? 'bg-ok-soft' : 'bg-sunken',
        )}
      >
        {item.title && <p className="mb-0.5 text-xs text-ink-2">Template {item.title}</p>}
        {item.body}
      </div>
      <p className="mt-1 flex flex-wrap gap-x-2 pl-1 text-2xs text-ink-3">
        <span>to {item.to}</span>
        <span>{timeOf(item)}</span>
        <TimelineLink item={item} />
      </p>
    </li>
  )
}

/** The way to everything that happened to a message. */
export function TimelineLink({ item }: { item: SandboxItem }) {
  return (
    <Link
      to={`/messages/${item.messageId}`}
      aria-label={`Timeline of the message to ${item.to}`}
      className="text-accent underline-offset-2 hover:underline"
    >
      Timeline
    </Link>
  )
}

export function Avatar({ name }: { name: string }) {
  return (
    <span
      aria-hidden
      className="flex size-9 shrink-0 items-center justify-center rounded-full bg-accent-soft text-sm font-semibold text-accent"
    >
      {/\p{L}/u.exec(name)?.[0].toUpperCase() ?? '#'}
    </span>
  )
}

/** One line of what an item says. */
export function textOf(item: SandboxItem): string {
  return [item.title, item.body].filter(Boolean).join(': ').replace(/\s+/g, ' ')
}

export function timeOf(item: SandboxItem | undefined): string {
  const ms = toMs(item?.receiveTime)
  return ms === undefined ? '' : formatDayAndMinute(ms)
}
