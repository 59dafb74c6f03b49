/** What every contender stores: the same recipient, subject and text, and a number that makes each one distinct. */
export interface Payload {
  to: { email: string }
  email: { subject: string; text: string }
  dedupeKey: string
}

/** As wide as any serial number, so that a request's length never changes. */
export const SERIAL_MARK = '############'

export function payload(serial: string): Payload {
  return {
    to: { email: 'ada@example.com' },
    email: {
      subject: 'Your order is on its way',
      text: 'Hello Ada, your order has left our warehouse and will be with you within three days.',
    },
    dedupeKey: `order-${serial}`,
  }
}

/** Callers at a time, for every contender: each waits for its answer before it calls again. */
export const CALLERS = 256
