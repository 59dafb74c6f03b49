/** The job that all contenders do: take this notification, check it, and say that it is taken. */
export const request = {
  to: { email: 'ada.lovelace@example.com' },
  email: {
    subject: 'Your order is on its way',
    text: 'Dear Ada,\n\nyour order 1234 left our house this morning. It arrives tomorrow between 9:00 and 11:00.\n\nYours, Acme',
  },
  messageClass: 'MESSAGE_CLASS_TRANSACTIONAL',
  dedupeKey: 'order-1234-shipped',
  ttl: '86400s',
}

export const notificationId = 'ntf_01m827nv04eh28esdxkeb4vmyp'
export const messageId = 'msg_01m827nv04eh28esdxkeb4vmyq'

/** What a server tells the parent when it listens. */
export interface Listening {
  port: number
  headers: Record<string, string>
}
