import { type Message, MessageState } from '@mainstay/proto/notify/v1'
import { useQuery } from '@tanstack/react-query'
import { CircleAlert, Link as LinkIcon } from 'lucide-react'
import { useMemo } from 'react'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { mainstay, useScope } from '../../api/mainstay.ts'
import { cx } from '../../class-names.ts'
import { IconButton } from '../../components/button/button.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { useTitle } from '../../components/page/page.tsx'
import { SidePanel } from '../../components/side-panel/side-panel.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import type { Tone } from '../../components/state-mark/state-mark.tsx'
import { Timeline } from '../../components/timeline/timeline.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { channelWord } from '../../notify/channels.ts'
import { MessageStateMark } from '../../notify/message-state-mark.tsx'
import { isUnderWay, lookOf } from '../../notify/message-states.ts'
import { projectSlug } from '../../session/project.ts'
import { MessageActions } from './message-actions.tsx'
import { expectedEvent, timelineEvents } from './message-events.tsx'
import { MessageFacts } from './message-facts.tsx'

/** One message beside the list: how it stands, what can be done, and everything that happened to it. */
export function Component() {
  const { messageId = '' } = useParams()
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const timeline = useTimeline(messageId)
  const message = timeline.data?.message
  const entries = timeline.data?.entries
  const events = useMemo(() => timelineEvents(entries ?? [], message), [entries, message])
  useTitle(message ? `${nameOf(message)} to ${message.to}` : 'Message')

  return (
    <SidePanel
      of={messageId}
      title="Message"
      header={message ? nameOf(message) : 'Message'}
      onClose={() => void navigate({ pathname: '/messages', search: search.toString() })}
      actions={
        <>
          {message && <MessageActions message={message} />}
          <IconButton label="Copy link" onClick={() => copyLink(messageId)}>
            <LinkIcon />
          </IconButton>
        </>
      }
    >
      {timeline.isError ? (
        <FailureState error={timeline.error} onRetry={() => void timeline.refetch()} />
      ) : !message ? (
        <PanelSkeleton />
      ) : (
        <div className="flex flex-col gap-6 px-4 pt-4 pb-10 lg:px-5">
          <div className="flex flex-wrap items-center gap-2">
            <MessageStateMark message={message} badge />
            <span className="min-w-0 truncate text-sm text-ink-2">to {message.to}</span>
          </div>
          <StatusNote message={message} />
          <section aria-label="Timeline">
            <Timeline label="Timeline" events={events} expected={expectedEvent(message)} />
          </section>
          <MessageFacts message={message} />
        </div>
      )}
    </SidePanel>
  )
}

/** Its subject; texts and posts have none. */
function nameOf({ subject, channel }: Message): string {
  return subject || channelWord(channel)
}

/** The message and its timeline, asked again every second for as long as something can happen soon. */
function useTimeline(messageId: string) {
  return useQuery({
    queryKey: ['timeline', messageId, ...useScope()],
    queryFn: ({ signal }) => mainstay().notify.getTimeline({ messageId }, { signal }),
    staleTime: 0,
    refetchInterval({ state: { data, error } }) {
      if (error || !data?.message) return false
      if (isUnderWay(data.message.state)) return 1_000
      return data.message.state === MessageState.SENT ? 3_000 : 15_000
    },
  })
}

const noteColours: Partial<Record<Tone, [field: string, icon: string]>> = {
  bad: ['bg-bad-soft', 'text-bad'],
  quiet: ['bg-sunken', 'text-ink-3'],
}

/** Why it stands as it does, in the colour of its state. */
function StatusNote({ message }: { message: Message }) {
  if (!message.statusDetail && !message.possibleDuplicate) return null
  const { tone } = lookOf(message.state)
  const [field, icon] = noteColours[tone] ?? ['bg-warn-soft', 'text-warn']
  return (
    <div className={cx('flex gap-2 rounded-md px-3 py-2 text-sm', field)}>
      <CircleAlert className={cx('mt-0.5 size-4 shrink-0', icon)} aria-hidden />
      <div className="min-w-0 [overflow-wrap:anywhere]">
        {message.statusDetail && <p>{message.statusDetail}</p>}
        {message.possibleDuplicate && (
          <p>The recipient may have got this twice: an answer was lost, and it was sent again.</p>
        )}
      </div>
    </div>
  )
}

function PanelSkeleton() {
  return (
    <div className="flex flex-col gap-5 p-5">
      <Loading what="message" />
      <Skeleton className="h-5 w-24" />
      <Skeleton className="h-6 w-full" />
      {['w-2/3', 'w-1/2', 'w-3/5', 'w-1/3', 'w-2/5'].map((width) => (
        <div key={width} className="flex items-center gap-4">
          <Skeleton className="w-16" />
          <Skeleton className="size-6 rounded-full" />
          <Skeleton className={width} />
        </div>
      ))}
    </div>
  )
}

/** The link names the project: whoever opens it may be working in another one. */
function copyLink(messageId: string): void {
  const url = new URL(`/messages/${messageId}`, window.location.origin)
  url.searchParams.set('project', projectSlug.get())
  navigator.clipboard.writeText(url.href).then(
    () => toast.success('Link copied.'),
    () => toast.error('The browser does not let this page copy. Copy the address bar instead.'),
  )
}
