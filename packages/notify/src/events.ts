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
