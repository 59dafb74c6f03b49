import type { MessageInitShape } from '@bufbuild/protobuf'
import { type Timestamp, timestampFromDate, timestampFromMs } from '@bufbuild/protobuf/wkt'
import { idTimeMs, toTypeId } from '@mainstay/kernel'
import { type MessageSchema, MessageState } from '@mainstay/proto/notify/v1'

/** A message and, while it has one, its place in the queue. */
export interface MessageRow {
  project_id: string
  message_id: string
  notification_id: string
  channel: number
  class: number
  state: MessageState
  unknown_policy: number
  live: boolean
  possible_duplicate: boolean
  attempt_count: number
  to_address: string
  recipient_id: string | null
  subject: string
  template_name: string | null
  template_version: number | null
  send_time: Date
  expire_time: Date
  update_time: Date
  sent_time: Date | null
  delivered_time: Date | null
  seen_time: Date | null
  click_time: Date | null
  provider_account_id: string | null
  status_detail: string | null
  trace_id: string | null
  category: string | null
  campaign_id: string | null
  workflow_run_id: string | null
  /** Null when it is not in the queue. */
  due_time: Date | null
  lease_epoch: number | null
  lease_owner: string | null
  /** Of the attempt under way, or the last one. */
  start_time: Date | null
  queue_account_id: string | null
}

/** What `MessageRow` is selected by, from `notify.messages m LEFT JOIN notify.delivery_queue q`. */
export const MESSAGE_COLUMNS = `m.project_id, m.message_id, m.notification_id, m.channel, m.class, m.state,
  m.unknown_policy, m.live, m.possible_duplicate, m.attempt_count, m.to_address, m.recipient_id, m.subject,
  m.template_name, m.template_version, m.send_time, m.expire_time, m.update_time, m.sent_time, m.delivered_time,
  m.seen_time, m.click_time, m.provider_account_id, m.status_detail, m.trace_id, m.category, m.campaign_id,
  m.workflow_run_id,
  q.due_time, q.lease_epoch, q.lease_owner, q.start_time, q.provider_account_id AS queue_account_id`

/** The state as callers see it: of an accepted message the queue knows more. */
export function stateOf(row: MessageRow, nowMs: number): MessageState {
  if (row.state !== MessageState.ACCEPTED || row.due_time === null) return row.state
  if (row.lease_owner !== null) return MessageState.SENDING
  return row.lease_epoch === 0 && row.send_time.getTime() > nowMs
    ? MessageState.SCHEDULED
    : MessageState.QUEUED
}

/** The contract's message. */
export function toMessage(row: MessageRow, nowMs: number): MessageInitShape<typeof MessageSchema> {
  const accountId = row.queue_account_id ?? row.provider_account_id
  const waits = row.due_time !== null && row.lease_owner === null
  const changed = row.lease_owner === null ? row.update_time : (row.start_time ?? row.update_time)
  return {
    messageId: toTypeId('msg', row.message_id),
    notificationId: toTypeId('ntf', row.notification_id),
    channel: row.channel,
    to: row.to_address,
    recipientId: row.recipient_id ?? '',
    messageClass: row.class,
    state: stateOf(row, nowMs),
    subject: row.subject,
    template:
      row.template_name === null
        ? undefined
        : { name: row.template_name, version: row.template_version ?? 0 },
    createTime: timestampFromMs(idTimeMs(row.message_id)),
    updateTime: timestampFromDate(changed),
    sendTime: timestampFromDate(row.send_time),
    expireTime: timestampFromDate(row.expire_time),
    sentTime: optionalTime(row.sent_time),
    deliveredTime: optionalTime(row.delivered_time),
    seenTime: optionalTime(row.seen_time),
    clickTime: optionalTime(row.click_time),
    nextAttemptTime: optionalTime(waits ? row.due_time : null),
    attemptCount: row.lease_epoch ?? row.attempt_count,
    providerAccountId: accountId === null ? '' : toTypeId('pac', accountId),
    possibleDuplicate: row.possible_duplicate,
    statusDetail: row.status_detail ?? '',
    live: row.live,
    traceId: row.trace_id ?? '',
    unknownPolicy: row.unknown_policy,
    category: row.category ?? '',
    campaignId: row.campaign_id === null ? '' : toTypeId('cmp', row.campaign_id),
    workflowRunId: row.workflow_run_id === null ? '' : toTypeId('wfr', row.workflow_run_id),
  }
}

function optionalTime(time: Date | null): Timestamp | undefined {
  return time === null ? undefined : timestampFromDate(time)
}
