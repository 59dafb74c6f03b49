import {
  AttemptOutcome,
  type Message,
  MessageState,
  type TimelineEntry,
  TimelineKind,
} from '@mainstay/proto/notify/v1'
import {
  Ban,
  Check,
  CircleHelp,
  Clock,
  Cog,
  KeyRound,
  type LucideIcon,
  Send,
  Server,
  UserRound,
  Webhook,
  X,
} from 'lucide-react'
import type { Tone } from '../../components/state-mark/state-mark.tsx'
import type { ExpectedEvent, TimelineEvent } from '../../components/timeline/timeline-event.ts'
import { toDurationMs } from '../../format/duration.ts'
import { toMs } from '../../format/time.ts'
import { isUnderWay, lookOf } from '../../notify/message-states.ts'
import { EntryBody, hasBody } from './entry-body.tsx'

/** A message's timeline in the words of the timeline component. */
export function timelineEvents(
  entries: readonly TimelineEntry[],
  message: Message | undefined,
): TimelineEvent[] {
  const lastRefusal = entries.findLastIndex((entry) => entry.outcome === AttemptOutcome.REJECTED_PERMANENT)
  return entries.map((whole, index) => {
    const entry = withoutEcho(whole, message)
    const tone = toneOf(entry, message)
    return {
      id: `${index} ${entry.kind} ${entry.attempt}`,
      atMs: toMs(entry.time) ?? 0,
      durationMs: toDurationMs(entry.duration),
      title: entry.title,
      summary: entry.detail || undefined,
      actor: actorOf(entry),
      icon: iconOf(entry, message),
      tone,
      final: isFinal(entry),
      running: entry.outcome === AttemptOutcome.CALLING || entry.outcome === AttemptOutcome.CLAIMED,
      startsOpen: index === lastRefusal,
      ...(hasBody(entry) && { body: <EntryBody entry={entry} /> }),
    }
  })
}

/** The end of a message repeats its status, which stands above the timeline already. */
function withoutEcho(entry: TimelineEntry, message: Message | undefined): TimelineEntry {
  const isEcho = entry.kind === TimelineKind.ENDED && entry.detail === message?.statusDetail
  return isEcho ? { ...entry, detail: '' } : entry
}

/** What happens next, while something does. */
export function expectedEvent(message: Message): ExpectedEvent | undefined {
  if (!isUnderWay(message.state)) return undefined
  if (message.state === MessageState.SCHEDULED) return { title: 'To be sent', atMs: toMs(message.sendTime) }
  // The attempt under way stands in the timeline itself.
  if (message.state === MessageState.SENDING) return undefined
  const next = toMs(message.nextAttemptTime)
  if (message.attemptCount > 0 && next !== undefined) return { title: 'Next attempt', atMs: next }
  return { title: 'Waiting for a worker' }
}

const outcomeTones: Partial<Record<AttemptOutcome, Tone>> = {
  [AttemptOutcome.CLAIMED]: 'info',
  [AttemptOutcome.CALLING]: 'info',
  [AttemptOutcome.ACCEPTED]: 'ok',
  [AttemptOutcome.REJECTED_PERMANENT]: 'bad',
  [AttemptOutcome.REJECTED_TRANSIENT]: 'warn',
  [AttemptOutcome.UNKNOWN]: 'warn',
}

function toneOf(entry: TimelineEntry, message: Message | undefined): Tone {
  if (entry.kind === TimelineKind.ATTEMPT) return outcomeTones[entry.outcome] ?? 'quiet'
  if (entry.kind === TimelineKind.SENT || entry.kind === TimelineKind.DELIVERED) return 'ok'
  if (entry.kind === TimelineKind.ENDED) return message ? lookOf(message.state).tone : 'bad'
  return 'quiet'
}

function isFinal(entry: TimelineEntry): boolean {
  return entry.kind === TimelineKind.DELIVERED || entry.kind === TimelineKind.ENDED
}

/** Who did it, except where the entry settles the matter: there the icon says how. */
function iconOf(entry: TimelineEntry, message: Message | undefined): LucideIcon {
  if (entry.kind === TimelineKind.DELIVERED) return Check
  if (entry.kind === TimelineKind.SENT) return Send
  if (entry.kind === TimelineKind.SCHEDULED) return Clock
  if (entry.kind === TimelineKind.ENDED) {
    if (message?.state === MessageState.UNKNOWN) return CircleHelp
    return message?.state === MessageState.CANCELLED ? Ban : X
  }
  if (entry.actor.startsWith('opr_')) return UserRound
  if (entry.actor.startsWith('key_')) return KeyRound
  if (entry.kind === TimelineKind.ATTEMPT || entry.actor === 'provider') return Server
  return entry.actor === 'worker' ? Cog : Webhook
}

function actorOf(entry: TimelineEntry): string {
  if (entry.actor.startsWith('opr_')) return 'Operator'
  if (entry.actor.startsWith('key_')) return 'API key'
  // The title often names the provider already; saying it twice would push the reply off the line.
  if (entry.kind === TimelineKind.ATTEMPT && !entry.title.includes(entry.providerDisplayName)) {
    return entry.providerDisplayName
  }
  const words: Record<string, string> = {
    api: 'API',
    worker: 'Worker',
    provider: 'Provider',
    system: 'System',
  }
  return words[entry.actor] ?? entry.actor
}
