import type { Message } from '@mainstay/proto/notify/v1'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { mainstayFor, useScope } from '../../api/mainstay.ts'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Card, Section } from '../../components/page/page.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { MessageStateMark } from '../../notify/message-state-mark.tsx'
import { lookOf, problemStates } from '../../notify/message-states.ts'

const query = problemStates.map((state) => `state=${lookOf(state).slug}`).join('&')

/** The last messages that did not arrive, with the reason, newest first. */
export function RecentProblems() {
  const [project, modeName] = useScope()
  const problems = useQuery({
    queryKey: ['recent-problems', project, modeName],
    async queryFn({ signal }) {
      const page = await mainstayFor(modeName).notify.listMessages(
        { pageSize: 8, filter: { states: [...problemStates], live: modeName === 'live' } },
        { signal },
      )
      return page.messages
    },
    refetchInterval: 5_000,
  })
  return (
    <Section
      title="Recent problems"
      aside={
        <Link to={`/messages?${query}`} className="text-xs text-accent underline-offset-2 hover:underline">
          See all
        </Link>
      }
    >
      <Card>
        {problems.isError ? (
          <FailureNote error={problems.error} className="m-3" />
        ) : problems.isPending ? (
          <ProblemSkeletons />
        ) : problems.data.length === 0 ? (
          <p className="px-4 py-6 text-sm text-ink-2">
            Nothing has gone wrong. Messages that do not arrive show here.
          </p>
        ) : (
          <ul>
            {problems.data.map((message) => (
              <Problem key={message.messageId} message={message} />
            ))}
          </ul>
        )}
      </Card>
    </Section>
  )
}

function Problem({ message }: { message: Message }) {
  return (
    <li className="relative flex flex-col gap-0.5 border-line px-4 py-2 text-sm not-first:border-t hover:bg-hover sm:flex-row sm:items-center sm:gap-3">
      <span className="flex shrink-0 justify-between sm:w-28">
        <MessageStateMark message={message} />
      </span>
      <Link
        to={`/messages/${message.messageId}?${query}`}
        className="stretched min-w-0 truncate sm:w-56 sm:shrink-0"
      >
        {message.to}
      </Link>
      <span className="min-w-0 flex-1 truncate text-ink-2">{message.statusDetail || message.subject}</span>
      <span className="shrink-0 text-xs text-ink-3">
        <RelativeTime time={message.updateTime} />
      </span>
    </li>
  )
}

function ProblemSkeletons() {
  return (
    <div>
      <Loading what="recent problems" />
      {[0, 1, 2, 3].map((row) => (
        <div key={row} className="flex items-center gap-4 border-line px-4 py-3 not-first:border-t">
          <Skeleton className="w-16" />
          <Skeleton className="w-40" />
          <Skeleton className="w-1/3" />
        </div>
      ))}
    </div>
  )
}
