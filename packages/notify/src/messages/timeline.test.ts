import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { durationMs, timestampMs } from '@bufbuild/protobuf/wkt'
import { minIdAt } from '@mainstay/kernel'
import { AttemptOutcome, MessageState, TimelineKind, TimelineSchema } from '@mainstay/proto/notify/v1'
import type { MessageRow } from './row.ts'
import { type History, tellTimeline } from './timeline.ts'
import type { AttemptRow, NoteRow } from './timeline-store.ts'

const T = Date.UTC(2030, 0, 31, 9)
const [smtp, backup] = ['01890000-0000-7000-8000-00000000000a', '01890000-0000-7000-8000-00000000000b']

function message(change: Partial<MessageRow> = {}): MessageRow {
  const time = new Date(T)
  return {
    project_id: smtp,
    message_id: minIdAt(T),
    notification_id: minIdAt(T),
    channel: 1,
    class: 2,
    state: MessageState.ACCEPTED,
    unknown_policy: 1,
    live: true,
    possible_duplicate: false,
    attempt_count: 0,
    to_address: 'ada@example.com',
    recipient_id: null,
    subject: 'Hi',
    template_name: null,
    template_version: null,
    send_time: time,
    expire_time: new Date(T + 3_600_000),
    update_time: time,
    sent_time: null,
    delivered_time: null,
    seen_time: null,
    click_time: null,
    provider_account_id: null,
    status_detail: null,
    campaign_id: null,
    trace_id: null,
    category: null,
    workflow_run_id: null,
    due_time: null,
    lease_epoch: null,
    lease_owner: null,
    start_time: null,
    queue_account_id: null,
    ...change,
  }
}

function attempt(number: number, change: Partial<AttemptRow> = {}): AttemptRow {
  return {
    attempt: number,
    provider_account_id: smtp,
    start_time: new Date(T + number * 1000),
    end_time: new Date(T + number * 1000 + 37),
    outcome: AttemptOutcome.ACCEPTED,
    provider_message_id: null,
    reply: '250 2.0.0 Ok',
    retry_time: null,
    routing: null,
    ...change,
  }
}

function tell(history: Partial<History>) {
  const entries = tellTimeline({
    message: message(),
    origin: { actor: 'key_1', request_id: 'req_1', dedupe_key: null, content: { sms: { text: 'Hi' } } },
    attempts: [],
    notes: [],
    accountNames: new Map([
      [smtp, 'Main'],
      [backup, 'Backup'],
    ]),
    nowMs: T + 60_000,
    ...history,
  })
  return create(TimelineSchema, { entries }).entries
}

const titles = (history: Partial<History>) => tell(history).map(({ title }) => title)

test('a delivered message tells its whole way in order', () => {
  const entries = tell({
    message: message({
      state: MessageState.DELIVERED,
      sent_time: new Date(T + 1037),
      delivered_time: new Date(T + 1100),
      provider_account_id: smtp,
    }),
    attempts: [attempt(1)],
  })
  assert.deepEqual(
    entries.map(({ kind }) => TimelineKind[kind]),
    ['ACCEPTED', 'QUEUED', 'ROUTED', 'ATTEMPT', 'SENT', 'DELIVERED'],
  )
  const [accepted, , , call] = entries
  assert.equal(accepted?.actor, 'key_1')
  assert.deepEqual(accepted?.attributes, { request: 'req_1' })
  assert.equal(call?.title, 'Attempt 1: accepted by Main')
  assert.equal(call?.detail, '250 2.0.0 Ok')
  assert.equal(call?.duration && durationMs(call.duration), 37)
  assert.equal(call?.time && timestampMs(call.time), T + 1000)
})

test('a mailbox that tells of the delivery before the answer is back does not turn the story round', () => {
  const told = titles({
    message: message({
      state: MessageState.DELIVERED,
      sent_time: new Date(T + 1037),
      delivered_time: new Date(T + 1030),
    }),
    attempts: [attempt(1)],
    notes: [{ note_id: minIdAt(T + 1025), kind: 5, actor: 'provider', title: 'Delivered', detail: null }],
  })
  assert.deepEqual(told.slice(-2), ['Sent: the provider took it', 'Delivered'])
})

test('a refusal for now tells when it is tried again, and another account is a new routing', () => {
  const entries = titles({
    attempts: [
      attempt(1, { outcome: AttemptOutcome.REJECTED_TRANSIENT, retry_time: new Date(T + 2000) }),
      attempt(2, { provider_account_id: backup }),
    ],
  })
  assert.deepEqual(entries, [
    'Accepted and stored',
    'Queued for a worker',
    'Routed to Main',
    'Attempt 1: refused for now by Main',
    'Queued again for 31 January 2030, 09:00:02 UTC',
    'Routed to Backup',
    'Attempt 2: accepted by Backup',
  ])
})

test('accounts that were passed over are told with their reasons', () => {
  const routed = tell({
    attempts: [
      attempt(1, {
        provider_account_id: backup,
        routing: { rejected: [{ account: smtp, reason: 'sign-in was refused' }] },
      }),
    ],
  }).find(({ kind }) => kind === TimelineKind.ROUTED)
  assert.equal(routed?.detail, 'Main was passed over: sign-in was refused')
})

test('a lost answer is told as one, and the parking after it', () => {
  const told = titles({
    message: message({ state: MessageState.UNKNOWN, update_time: new Date(T + 1037) }),
    attempts: [attempt(1, { outcome: AttemptOutcome.UNKNOWN, reply: 'closed after the final dot' })],
  })
  assert.deepEqual(told.slice(-2), [
    'Attempt 1: no answer from Main',
    'Parked: nobody can know whether it was sent',
  ])
})

test('a scheduled message is not queued before its time, nor ever when it was cancelled before', () => {
  const later = { send_time: new Date(T + 3_600_000) }
  assert.deepEqual(titles({ message: message(later) }), [
    'Accepted and stored',
    'Scheduled for 31 January 2030, 10:00:00 UTC',
  ])
  const cancelled = titles({
    message: message({ ...later, state: MessageState.CANCELLED, update_time: new Date(T + 5000) }),
    notes: [
      {
        note_id: minIdAt(T + 5000),
        kind: 1,
        actor: 'opr_1',
        title: 'Cancelled',
        detail: null,
      } satisfies NoteRow,
    ],
    nowMs: T + 7_200_000,
  })
  assert.deepEqual(cancelled.slice(-1), ['Cancelled'])
  assert.equal(cancelled.length, 3)
})

test('the attempt under way is told before anybody knows how it ends', () => {
  const last = tell({
    message: message({
      lease_owner: backup,
      lease_epoch: 1,
      queue_account_id: smtp,
      start_time: new Date(T + 500),
      due_time: new Date(T),
    }),
  }).at(-1)
  assert.equal(last?.title, 'Attempt 1: calling Main')
  assert.equal(last?.outcome, AttemptOutcome.CALLING)
})

test('what quiet hours kept tells why it is sent later, and not that somebody scheduled it', () => {
  const [sendMs, title] = [T + 30_000, 'Quiet hours in Europe/Berlin until 07:00']
  const held: NoteRow = {
    note_id: message().message_id,
    kind: 15,
    actor: 'preferences',
    title,
    detail: null,
  }
  const entries = tell({ message: message({ send_time: new Date(sendMs) }), notes: [held] })
  assert.deepEqual(
    entries.map((entry) => [TimelineKind[entry.kind], entry.title]),
    [
      ['ACCEPTED', 'Accepted and stored'],
      ['SCHEDULED', title],
      ['QUEUED', 'Queued for a worker'],
    ],
  )
})

test('what its recipient does not want was never queued, unless the wish came later', () => {
  const skipped = message({
    state: MessageState.SKIPPED,
    status_detail: 'The recipient has switched off "Offers" by email.',
  })
  assert.deepEqual(titles({ message: skipped }), ['Accepted and stored', 'Skipped: it is not sent'])
  const later: NoteRow = {
    note_id: minIdAt(T + 1000),
    kind: 8,
    actor: 'worker',
    title: 'Ended without an attempt',
    detail: skipped.status_detail,
  }
  assert.deepEqual(titles({ message: skipped, notes: [later] }), [
    'Accepted and stored',
    'Queued for a worker',
    'Ended without an attempt',
  ])
})
