import type { SettingsOf, SettingsTable } from '@mainstay/kernel'
import type { Lane } from './lanes.ts'

/** Delivery's part of notify's settings table. */
export const deliverSettings = {
  deliverConcurrency: {
    env: 'NOTIFY_DELIVER_CONCURRENCY',
    type: 'integer',
    default: 512,
    min: 4,
    max: 4096,
    doc: 'Sends under way at once in one worker, all provider accounts together. A part is kept for each message class.',
  },
  deliverLeaseMs: {
    env: 'NOTIFY_DELIVER_LEASE_MS',
    type: 'duration_ms',
    default: 15_000,
    min: 1000,
    doc: "How long a worker's sends stay its own without a sign of life. What a killed worker was sending is settled after this.",
  },
  deliverSendTimeoutMs: {
    env: 'NOTIFY_DELIVER_SEND_TIMEOUT_MS',
    type: 'duration_ms',
    default: 60_000,
    min: 100,
    doc: 'How long a provider may take to answer before a send is given up and its outcome, if the provider was reached, called unknown.',
  },
  deliverDrainTimeoutMs: {
    env: 'NOTIFY_DELIVER_DRAIN_TIMEOUT_MS',
    type: 'duration_ms',
    default: 20_000,
    min: 0,
    doc: 'How long a stopping worker waits for sends under way.',
  },
  deliverPollIntervalMs: {
    env: 'NOTIFY_DELIVER_POLL_INTERVAL_MS',
    type: 'duration_ms',
    default: 500,
    min: 10,
    doc: 'How long an idle worker waits before it looks for work that no wake-up told of.',
  },
  deliverNoProviderRetryMs: {
    env: 'NOTIFY_DELIVER_NO_PROVIDER_RETRY_MS',
    type: 'duration_ms',
    default: 30_000,
    min: 10,
    doc: 'How long a message that no provider account can take waits before it is looked at again.',
  },
  otpReportWaitMs: {
    env: 'NOTIFY_OTP_REPORT_WAIT_MS',
    type: 'duration_ms',
    default: 30_000,
    min: 0,
    doc: "How long a one-time code whose provider's answer was lost waits for the provider's report before its policy decides. 0: not at all.",
  },
  reportWaitMs: {
    env: 'NOTIFY_REPORT_WAIT_MS',
    type: 'duration_ms',
    default: 600_000,
    min: 0,
    doc: 'The same for transactional and bulk messages.',
  },
  otpMaxAttempts: {
    env: 'NOTIFY_OTP_MAX_ATTEMPTS',
    type: 'integer',
    default: 8,
    min: 1,
    doc: 'Attempts to send a one-time code, the first included.',
  },
  otpRetryBaseMs: {
    env: 'NOTIFY_OTP_RETRY_BASE_MS',
    type: 'duration_ms',
    default: 1000,
    min: 1,
    doc: 'The longest wait between the first and the second attempt at a one-time code; it doubles from there. Waits are random up to this.',
  },
  otpRetryCapMs: {
    env: 'NOTIFY_OTP_RETRY_CAP_MS',
    type: 'duration_ms',
    default: 15_000,
    min: 1,
    doc: 'The longest wait between two attempts at a one-time code, unless the provider asks for a longer one.',
  },
  transactionalMaxAttempts: {
    env: 'NOTIFY_TRANSACTIONAL_MAX_ATTEMPTS',
    type: 'integer',
    default: 12,
    min: 1,
    doc: 'The same for transactional messages.',
  },
  transactionalRetryBaseMs: {
    env: 'NOTIFY_TRANSACTIONAL_RETRY_BASE_MS',
    type: 'duration_ms',
    default: 5000,
    min: 1,
    doc: 'The same for transactional messages.',
  },
  transactionalRetryCapMs: {
    env: 'NOTIFY_TRANSACTIONAL_RETRY_CAP_MS',
    type: 'duration_ms',
    default: 600_000,
    min: 1,
    doc: 'The same for transactional messages.',
  },
  bulkMaxAttempts: {
    env: 'NOTIFY_BULK_MAX_ATTEMPTS',
    type: 'integer',
    default: 10,
    min: 1,
    doc: 'The same for bulk messages.',
  },
  bulkRetryBaseMs: {
    env: 'NOTIFY_BULK_RETRY_BASE_MS',
    type: 'duration_ms',
    default: 30_000,
    min: 1,
    doc: 'The same for bulk messages.',
  },
  bulkRetryCapMs: {
    env: 'NOTIFY_BULK_RETRY_CAP_MS',
    type: 'duration_ms',
    default: 3_600_000,
    min: 1,
    doc: 'The same for bulk messages.',
  },
} as const

/** Delivery's settings as they are loaded. */
export type DeliverSettings = SettingsOf<SettingsTable<'notify', typeof deliverSettings>>

/** How a class of messages is tried again. */
export interface RetryPolicy {
  /** The longest wait before the second attempt, in milliseconds; doubles with each attempt. */
  baseMs: number
  /** The longest wait there is, unless the provider asks for a longer one. */
  capMs: number
  /** Attempts in all, the first included. */
  maxAttempts: number
}

/** How long a report is waited for, by lane. */
export function reportWaits(settings: DeliverSettings): Readonly<Record<Lane, number>> {
  return { 1: settings.otpReportWaitMs, 2: settings.reportWaitMs, 3: settings.reportWaitMs }
}

export type RetryPolicies = Readonly<Record<Lane, RetryPolicy>>

export function retryPolicies(settings: DeliverSettings): RetryPolicies {
  return {
    1: {
      baseMs: settings.otpRetryBaseMs,
      capMs: settings.otpRetryCapMs,
      maxAttempts: settings.otpMaxAttempts,
    },
    2: {
      baseMs: settings.transactionalRetryBaseMs,
      capMs: settings.transactionalRetryCapMs,
      maxAttempts: settings.transactionalMaxAttempts,
    },
    3: {
      baseMs: settings.bulkRetryBaseMs,
      capMs: settings.bulkRetryCapMs,
      maxAttempts: settings.bulkMaxAttempts,
    },
  }
}
