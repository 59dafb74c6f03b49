import type { MessageInitShape } from '@bufbuild/protobuf'
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt'
import { idTimeMs, toTypeId } from '@mainstay/kernel'
import {
  AttemptOutcome,
  MessageState,
  type TimelineEntrySchema,
  TimelineKind,
} from '@mainstay/proto/notify/v1'
import type { MessageRow } from './row.ts'
import type { AttemptRow, NoteRow, OriginRow, RoutingRecord } from './timeline-store.ts'

/** All that the ledger knows of one message. */
export interface History {
  message: MessageRow
  origin: OriginRow | undefined
  attempts: readonly AttemptRow[]
  notes: readonly NoteRow[]
  /** Provider accounts' names by uuid. */
  accountNames: ReadonlyMap<string, string>
  nowMs: number
  /** What accounts were asked, redacted, by uuid. Default: nothing is shown of it. */
  requests?: ReadonlyMap<string, string>
}

type Entry = MessageInitShape<typeof TimelineEntrySchema>

/** An entry and when it happened, until all are put in order. */
interface Dated {
  ms: number
  entry: Entry
}

/** Tells what happened to a message, oldest first. Reads nothing: the same history tells the same story. */
export function tellTimeline(history: History): Entry[] {
  const dated = [
    ...tellAcceptance(history),
    ...history.attempts.flatMap((attempt, index) => tellAttempt(history, attempt, index)),
    ...tellAttemptUnderWay(history),
    ...tellSent(history),
    ...history.notes.map(tellNote),
    ...tellEnd(history),
  ]
  // The sort is stable: what happened within one millisecond stays in the order in which it must have happened.
  return dated.sort((a, b) => a.ms - b.ms).map(({ ms, entry }) => ({ ...entry, time: timestampFromMs(ms) }))
}

function tellAcceptance({ message, origin, notes, nowMs }: History): Dated[] {
  const acceptedMs = idTimeMs(message.message_id)
  const sendMs = message.send_time.getTime()
  const told: Dated[] = [
    at(acceptedMs, {
      kind: TimelineKind.ACCEPTED,
      title: 'Accepted and stored',
      actor: origin?.actor ?? 'api',
      attributes: present({ request: origin?.request_id, dedupeKey: origin?.dedupe_key }),
    }),
  ]
  const isHeld = notes.some(({ kind, note_id: id }) => kind === HELD_NOTE && id === message.message_id)
  if (sendMs > acceptedMs && !isHeld) {
    told.push(
      at(acceptedMs, {
        kind: TimelineKind.SCHEDULED,
        title: `Scheduled for ${utc(sendMs)}`,
        actor: 'api',
        attributes: { sendTime: new Date(sendMs).toISOString() },
      }),
    )
  }
  const endedUnqueued = ENDED_AT_ONCE.has(message.state) && !notes.some(({ kind }) => kind === UNTRIED_NOTE)
  const cancelledEarly = message.state === MessageState.CANCELLED && message.update_time.getTime() < sendMs
  const neverQueued = endedUnqueued || cancelledEarly
  if (sendMs <= nowMs && !neverQueued) {
    told.push(at(sendMs, { kind: TimelineKind.QUEUED, title: 'Queued for a worker', actor: 'worker' }))
  }
  return told
}

function tellAttempt(history: History, row: AttemptRow, index: number): Dated[] {
  const { accountNames, attempts } = history
  const request = history.requests?.get(row.provider_account_id)
  const name = accountNames.get(row.provider_account_id) ?? 'a provider account that was deleted'
  const startMs = row.start_time.getTime()
  const told: Dated[] = []
  if (row.provider_account_id !== attempts[index - 1]?.provider_account_id || row.routing !== null) {
    told.push(tellRouting(history, startMs, row.provider_account_id, row.routing))
  }
  told.push(
    at(startMs, {
      kind: TimelineKind.ATTEMPT,
      title: `Attempt ${row.attempt}: ${OUTCOME_WORDS[row.outcome] ?? 'ended'} by ${name}`.replace(
        'unknown by',
        'no answer from',
      ),
      actor: 'worker',
      duration: durationFromMs(Math.max(0, row.end_time.getTime() - startMs)),
      detail: row.reply ?? '',
      attempt: row.attempt,
      outcome: row.outcome,
      ...account(row.provider_account_id, name),
      ...(request === undefined ? {} : { attributes: { request } }),
      providerMessageId: row.provider_message_id ?? '',
    }),
  )
  if (row.retry_time !== null) {
    told.push(
      at(row.end_time.getTime(), {
        kind: TimelineKind.QUEUED,
        title: `Queued again for ${utc(row.retry_time.getTime())}`,
        actor: 'worker',
        attributes: { nextAttemptTime: row.retry_time.toISOString() },
      }),
    )
  }
  return told
}

function tellRouting(
  { accountNames }: History,
  ms: number,
  accountId: string,
  routing: RoutingRecord | null,
): Dated {
  const name = accountNames.get(accountId) ?? 'a provider account that was deleted'
  const passedOver = (routing?.rejected ?? []).map(({ account: id, reason }) => ({
    account: accountNames.get(id) ?? id,
    reason,
  }))
  return at(ms, {
    kind: TimelineKind.ROUTED,
    title: `Routed to ${name}`,
    actor: 'worker',
    detail: [
      ...(routing?.why === undefined ? [] : [routing.why]),
      ...passedOver.map(({ account: other, reason }) => `${other} was passed over: ${reason}`),
    ].join('\n'),
    ...account(accountId, name),
    ...(passedOver.length > 0 ? { attributes: { passedOver } } : {}),
  })
}

/** The attempt that a worker has journaled and not yet reported on. */
function tellAttemptUnderWay(history: History): Dated[] {
  const { message, accountNames, attempts } = history
  const {
    queue_account_id: accountId,
    start_time: startTime,
    lease_owner: owner,
    lease_epoch: epoch,
  } = message
  if (owner === null || accountId === null || startTime === null || epoch === null) return []
  const name = accountNames.get(accountId) ?? 'a provider account that was deleted'
  const told = [
    at(startTime.getTime(), {
      kind: TimelineKind.ATTEMPT,
      title: `Attempt ${epoch}: calling ${name}`,
      actor: 'worker',
      attempt: epoch,
      outcome: AttemptOutcome.CALLING,
      ...account(accountId, name),
    }),
  ]
  if (accountId !== attempts.at(-1)?.provider_account_id) {
    told.unshift(tellRouting(history, startTime.getTime(), accountId, null))
  }
  return told
}

/**
 * Told no later than the delivery: a mailbox on this machine has stored the mail, and says so, before the provider's
 * answer is back.
 */
function tellSent({ message, notes }: History): Dated[] {
  const { sent_time: sentTime, delivered_time: deliveredTime } = message
  if (sentTime === null) return []
  const deliveries = notes
    .filter(({ kind }) => kind === DELIVERED_NOTE)
    .map(({ note_id: id }) => idTimeMs(id))
  if (deliveredTime !== null) deliveries.push(deliveredTime.getTime())
  const sentMs = Math.min(sentTime.getTime(), ...deliveries)
  return [
    at(sentMs, {
      kind: TimelineKind.SENT,
      title: 'Sent: the provider took it',
      actor: 'provider',
    }),
  ]
}

function tellNote({ note_id: id, kind, actor, title, detail }: NoteRow): Dated {
  return at(idTimeMs(id), {
    kind: NOTE_KINDS[kind] ?? TimelineKind.INTERVENTION,
    title,
    actor,
    detail: detail ?? '',
  })
}

/** How it ended, where no note says so already. */
function tellEnd({ message, notes }: History): Dated[] {
  const { state, delivered_time: deliveredTime } = message
  const told: Dated[] = []
  if (deliveredTime !== null && !notes.some(({ kind }) => kind === DELIVERED_NOTE)) {
    told.push(
      at(deliveredTime.getTime(), {
        kind: TimelineKind.DELIVERED,
        title: 'Delivered to the mailbox',
        actor: 'provider',
      }),
    )
  }
  const words = END_WORDS[state]
  if (words !== undefined && !notes.some(({ kind }) => ENDING_NOTES.has(kind))) {
    told.push(
      at(message.update_time.getTime(), {
        kind: TimelineKind.ENDED,
        title: words,
        actor: 'worker',
        detail: message.status_detail ?? '',
      }),
    )
  }
  return told
}

const OUTCOME_WORDS: Readonly<Record<number, string>> = {
  [AttemptOutcome.ACCEPTED]: 'accepted',
  [AttemptOutcome.REJECTED_PERMANENT]: 'refused for good',
  [AttemptOutcome.REJECTED_TRANSIENT]: 'refused for now',
  [AttemptOutcome.UNKNOWN]: 'unknown',
}

const END_WORDS: Readonly<Partial<Record<MessageState, string>>> = {
  [MessageState.SUPPRESSED]: 'Not sent: the address is suppressed',
  [MessageState.SKIPPED]: 'Skipped: it is not sent',
  [MessageState.EXPIRED]: 'Expired before it could be sent',
  [MessageState.CANCELLED]: 'Cancelled',
  [MessageState.FAILED]: 'Failed',
  [MessageState.UNKNOWN]: 'Parked: nobody can know whether it was sent',
}

/** By the kinds of notify.message_notes (migrations/0001_ledger.sql, reports/settle.ts, seen-store.ts). */
const NOTE_KINDS: Readonly<Record<number, TimelineKind>> = {
  5: TimelineKind.DELIVERED,
  6: TimelineKind.ENDED,
  7: TimelineKind.ENDED,
  8: TimelineKind.ENDED,
  11: TimelineKind.ENDED,
  12: TimelineKind.SEEN,
  14: TimelineKind.SEEN,
  15: TimelineKind.SCHEDULED,
}
const DELIVERED_NOTE = 5
/** Ended without an attempt, though it was in the queue. */
const UNTRIED_NOTE = 8
/** Quiet hours keep it. One that has the message's own id was written when it was accepted. */
const HELD_NOTE = 15
/** States of messages that never come into the queue, unless a note says that they did. */
const ENDED_AT_ONCE: ReadonlySet<MessageState> = new Set([MessageState.SUPPRESSED, MessageState.SKIPPED])
const ENDING_NOTES: ReadonlySet<number> = new Set([1, 3, 6, 7, 8, 11])

function at(ms: number, entry: Entry): Dated {
  return { ms, entry }
}

function account(id: string, name: string): Pick<Entry, 'providerAccountId' | 'providerDisplayName'> {
  return { providerAccountId: toTypeId('pac', id), providerDisplayName: name }
}

function present(values: Record<string, string | null | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((pair): pair is [string, string] => !!pair[1]))
}

/** `31 January 2030, 09:00:00 UTC` */
function utc(ms: number): string {
  const text = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' })
  return `${text.format(ms).replace(' at ', ', ')} UTC`
}
