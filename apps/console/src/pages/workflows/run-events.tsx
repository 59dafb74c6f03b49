import {
  WorkflowEntryKind,
  type WorkflowRun,
  type WorkflowRunEntry,
} from '@mainstay/proto/notify/v1/workflows'
import { Ban, Check, Clock, GitBranch, Layers, type LucideIcon, Play, Route, Send, X } from 'lucide-react'
import { ButtonLink } from '../../components/button/button.tsx'
import type { Tone } from '../../components/state-mark/state-mark.tsx'
import type { ExpectedEvent, TimelineEvent } from '../../components/timeline/timeline-event.ts'
import { formatAbsolute, toMs } from '../../format/time.ts'
import { channels } from '../../notify/channels.ts'
import { MessageStateMark } from '../../notify/message-state-mark.tsx'
import { lookOf } from '../../notify/message-states.ts'
import { isOver } from './run-states.ts'

const icons: Partial<Record<WorkflowEntryKind, LucideIcon>> = {
  [WorkflowEntryKind.STARTED]: Play,
  [WorkflowEntryKind.REFUSED]: X,
  [WorkflowEntryKind.WAITING]: Clock,
  [WorkflowEntryKind.DIGESTED]: Layers,
  [WorkflowEntryKind.BRANCH]: GitBranch,
  [WorkflowEntryKind.FALLBACK]: Route,
}

/** A run's timeline in the words of the timeline component; messages lead to their own. */
export function runEvents(entries: readonly WorkflowRunEntry[]): TimelineEvent[] {
  return entries.map((entry, index) => ({
    id: `${index} ${entry.kind} ${entry.step}`,
    atMs: toMs(entry.time) ?? 0,
    title: entry.title,
    summary: entry.messageId === '' ? entry.detail || undefined : lookOf(entry.messageState).word,
    actor: entry.step,
    icon: iconOf(entry),
    tone: toneOf(entry),
    final: entry.kind === WorkflowEntryKind.ENDED,
    ...(entry.messageId !== '' && { body: <MessageBody entry={entry} /> }),
    ...(entry.messageId === '' && entry.detail !== '' && { body: <DetailBody detail={entry.detail} /> }),
  }))
}

/** What happens next, while something does. */
export function expectedOf({ state, step, nextRunTime }: WorkflowRun): ExpectedEvent | undefined {
  if (isOver(state)) return undefined
  return { title: `Goes on with ${step}`, atMs: toMs(nextRunTime) }
}

function iconOf({ kind, channel, title }: WorkflowRunEntry): LucideIcon {
  if (kind === WorkflowEntryKind.MESSAGE) return channels.get(channel)?.icon ?? Send
  if (kind !== WorkflowEntryKind.ENDED) return icons[kind] ?? Send
  if (title === 'Completed') return Check
  return title === 'Cancelled' ? Ban : X
}

function toneOf({ kind, title, messageState }: WorkflowRunEntry): Tone {
  if (kind === WorkflowEntryKind.MESSAGE) return lookOf(messageState).tone
  if (kind === WorkflowEntryKind.REFUSED) return 'warn'
  if (kind !== WorkflowEntryKind.ENDED) return 'quiet'
  if (title === 'Completed') return 'ok'
  return title === 'Cancelled' ? 'quiet' : 'bad'
}

function MessageBody({ entry }: { entry: WorkflowRunEntry }) {
  const seenMs = toMs(entry.messageSeenTime)
  return (
    <div className="flex flex-wrap items-center gap-3 text-sm">
      <MessageStateMark message={{ state: entry.messageState }} badge />
      {seenMs !== undefined && <span className="text-ink-2">seen {formatAbsolute(seenMs)}</span>}
      <ButtonLink size="sm" to={`/messages/${entry.messageId}`}>
        Open the message
      </ButtonLink>
    </div>
  )
}

function DetailBody({ detail }: { detail: string }) {
  return <p className="text-sm whitespace-pre-line text-ink-2 [overflow-wrap:anywhere]">{detail}</p>
}
