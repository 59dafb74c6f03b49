import { defineSettings, type SettingsOf } from '@mainstay/kernel'
import { attachmentSettings } from './attachments/settings.ts'
import { campaignSettings } from './campaigns/settings.ts'
import { deliverSettings } from './deliver/settings.ts'
import { directorySettings } from './provider-accounts/settings.ts'

const POLICIES = ['at_most_once', 'at_least_once'] as const

/**
 * Notify's settings. The delivery and directory parts keep theirs in `deliver/settings.ts` and
 * `provider-accounts/settings.ts` and are spread in here, since a capability has one table.
 */
export const notifySettings = defineSettings('notify', {
  acceptBatchSize: {
    env: 'NOTIFY_ACCEPT_BATCH_SIZE',
    type: 'integer',
    default: 500,
    min: 1,
    max: 2000,
    doc: 'Most notifications that one commit stores. Concurrent requests share commits; a lone one never waits for others.',
  },
  acceptQueueSize: {
    env: 'NOTIFY_ACCEPT_QUEUE_SIZE',
    type: 'integer',
    default: 10_000,
    min: 1,
    doc: 'Notifications that may wait in this process to be stored. Beyond it, calls are refused with notify.overloaded.',
  },
  otpTtlMs: {
    env: 'NOTIFY_OTP_TTL_MS',
    type: 'duration_ms',
    default: 300_000,
    min: 1000,
    doc: 'How long a one-time code is worth sending, where the caller gives no ttl.',
  },
  transactionalTtlMs: {
    env: 'NOTIFY_TRANSACTIONAL_TTL_MS',
    type: 'duration_ms',
    default: 86_400_000,
    min: 1000,
    doc: 'How long a transactional message is worth sending, where the caller gives no ttl.',
  },
  bulkTtlMs: {
    env: 'NOTIFY_BULK_TTL_MS',
    type: 'duration_ms',
    default: 259_200_000,
    min: 1000,
    doc: 'How long a bulk message is worth sending, where the caller gives no ttl.',
  },
  otpUnknownPolicy: {
    env: 'NOTIFY_OTP_UNKNOWN_POLICY',
    type: 'enum',
    values: POLICIES,
    default: 'at_least_once',
    doc: "What becomes of a one-time code when the provider's answer is lost: at_least_once sends it again, at_most_once parks it for review.",
  },
  transactionalUnknownPolicy: {
    env: 'NOTIFY_TRANSACTIONAL_UNKNOWN_POLICY',
    type: 'enum',
    values: POLICIES,
    default: 'at_most_once',
    doc: 'The same for transactional messages.',
  },
  bulkUnknownPolicy: {
    env: 'NOTIFY_BULK_UNKNOWN_POLICY',
    type: 'enum',
    values: POLICIES,
    default: 'at_most_once',
    doc: 'The same for bulk messages.',
  },
  watchPollIntervalMs: {
    env: 'NOTIFY_WATCH_POLL_INTERVAL_MS',
    type: 'duration_ms',
    default: 500,
    min: 50,
    doc: 'How long WatchMessages may take to see a change of another process. Changes of its own process it sees at once.',
  },
  watchHeartbeatMs: {
    env: 'NOTIFY_WATCH_HEARTBEAT_MS',
    type: 'duration_ms',
    default: 15_000,
    min: 1000,
    doc: 'How often a WatchMessages stream without changes sends a message that says that it is alive.',
  },
  partitionDays: {
    env: 'NOTIFY_PARTITION_DAYS',
    type: 'integer',
    default: 7,
    min: 1,
    max: 31,
    doc: 'Days that one partition of the ledger spans. Fewer for tens of millions of messages a day. Holds for new partitions.',
  },
  retentionDays: {
    env: 'NOTIFY_RETENTION_DAYS',
    type: 'integer',
    default: 90,
    min: 2,
    doc: 'Days that the ledger keeps messages, counted from when they were stored. Whole partitions are dropped; one that holds a message still to be sent waits.',
  },
  inboxRetentionDays: {
    env: 'NOTIFY_INBOX_RETENTION_DAYS',
    type: 'integer',
    default: 180,
    min: 1,
    doc: 'Days that inboxes keep items, read or not. Longer than the ledger keeps the messages that brought them, if you like.',
  },
  reportDays: {
    env: 'NOTIFY_REPORT_DAYS',
    type: 'integer',
    default: 7,
    min: 1,
    doc: 'Days that reports of providers are kept as they came. What they tell stays with its message.',
  },
  ...attachmentSettings,
  ...deliverSettings,
  ...directorySettings,
  ...campaignSettings,
})

export type NotifySettings = SettingsOf<typeof notifySettings>
