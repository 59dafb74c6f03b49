import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { mainstayFor, useScope } from '../../api/mainstay.ts'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Section } from '../../components/page/page.tsx'
import { Skeleton } from '../../components/skeleton/skeleton.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { ChannelMark } from '../../notify/channel-mark.tsx'
import { MessageStateMark } from '../../notify/message-state-mark.tsx'

/** What a person was told last, in the mode that the operator works in. */
export function LatestMessages({ recipientId }: { recipientId: string }) {
  const [project, modeName] = useScope()
  const found = useQuery({
    queryKey: ['messages-of', recipientId, project, modeName],
    queryFn: ({ signal }) =>
      mainstayFor(modeName).notify.listMessages(
        { pageSize: 5, filter: { recipientId, live: modeName === 'live' } },
        { signal },
      ),
    refetchInterval: 15_000,
  })
  const messages = found.data?.messages
  return (
    <Section
      title="Latest messages"
      aside={
        messages &&
        messages.length > 0 && (
          <Link
            to={`/messages?recipient=${encodeURIComponent(recipientId)}`}
            className="text-sm text-accent underline-offset-2 hover:underline"
          >
            All messages
          </Link>
        )
      }
    >
      {found.isError && !messages ? (
        <FailureNote error={found.error} />
      ) : !messages ? (
        <Skeleton className="w-2/3" />
      ) : messages.length === 0 ? (
        <p className="text-sm text-ink-2">
          {modeName === 'live' ? 'No live messages yet.' : 'No test messages yet.'}
        </p>
      ) : (
        <ul className="overflow-hidden rounded-lg border border-line">
          {messages.map((message) => (
            <li
              key={message.messageId}
              className="relative flex items-center gap-3 border-line px-3 py-2 text-sm not-first:border-t hover:bg-hover"
            >
              <ChannelMark channel={message.channel} iconOnly />
              <Link to={`/messages/${message.messageId}`} className="stretched min-w-0 flex-1 truncate">
                {message.subject || message.to}
              </Link>
              <MessageStateMark message={message} />
              <span className="text-xs text-ink-3">
                <RelativeTime time={message.createTime} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
