import { defineEvent } from '@mainstay/kernel'

/** Messages of one project that one commit changed: up to a batch of them. */
export interface MessagesEvent {
  /** The project's uuid. */
  projectId: string
  /** uuids; `toTypeId('msg', …)` makes them public. */
  messageIds: string[]
}

/**
 * Messages were stored. One event a batch and project, not one a message: at 15,000 messages a second an outbox row
 * each costs more than the message (see README.md). Whoever needs more than ids reads the rows.
 */
export const messagesAccepted = defineEvent<MessagesEvent>('notify.messages_accepted', {
  key: (payload) => payload.projectId,
})

/** Messages reached a state other than accepted: sent, delivered, failed, cancelled … One event a batch and project. */
export const messagesEnded = defineEvent<MessagesEvent>('notify.messages_ended', {
  key: (payload) => payload.projectId,
})

/**
 * Recipients saw messages for the first time, or followed a link in them for the first time; `seen_time` and `click_time` say
 * which. One event a commit and project.
 */
export const messagesSeen = defineEvent<MessagesEvent>('notify.messages_seen', {
  key: (payload) => payload.projectId,
})

/** A project has spent 80 or 100 percent of what one of its caps allows in a day. */
export interface SpendAlert {
  /** The project's uuid. */
  projectId: string
  /** Of the contract; 0: the cap is on all channels. */
  channel: number
  /** ISO 3166-1 alpha-2; empty: the cap is on all countries. */
  country: string
  /** 100 as well when a message did not fit into what was left. */
  percent: 80 | 100
  /** Millionths of the project's currency. */
  spentMicros: number
  limitMicros: number
  /** The day in UTC, `2026-11-22`. */
  day: string
}

/** Told once a day, cap and percentage. Messages wait from 100 percent on. */
export const spendAlert = defineEvent<SpendAlert>('notify.spend_alert', {
  key: (payload) => payload.projectId,
})
