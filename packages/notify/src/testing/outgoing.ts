import { randomUUID } from 'node:crypto'
import { toTypeId } from '@mainstay/kernel'
import type { Outgoing, OutgoingOf, ProviderChannel } from '../providers/outgoing.ts'

/** A message of a channel that every adapter of it accepts, with an id of its own. */
export function aMessage<C extends ProviderChannel>(
  channel: C,
  change: Partial<OutgoingOf<C>> = {},
): OutgoingOf<C> {
  const example: Outgoing = examples[channel]
  return { ...example, messageId: toTypeId('msg', randomUUID()), ...change } as OutgoingOf<C>
}

const envelope = {
  messageId: '',
  projectId: '01890a5d-ac96-774b-bcce-b302099a8057',
  notificationId: 'ntf_01h455vb4pex5vsknk084sn02q',
  class: 'transactional',
  attempt: 1,
  ttlMs: 3_600_000,
} as const

const examples: { readonly [C in ProviderChannel]: OutgoingOf<C> } = {
  email: {
    ...envelope,
    channel: 'email',
    from: 'Acme <hello@acme.example>',
    to: 'ada@customer.example',
    subject: 'Your order is confirmed',
    text: 'Thank you.\n',
    html: '<p>Thank you.</p>',
    headers: {},
  },
  sms: {
    ...envelope,
    channel: 'sms',
    from: '+14155550100',
    to: '+491701234567',
    text: 'Your code is 123456',
  },
  whatsapp: {
    ...envelope,
    channel: 'whatsapp',
    from: '+14155550100',
    to: '+491701234567',
    content: { text: 'Your order is on its way' },
  },
  push: {
    ...envelope,
    channel: 'push',
    from: 'com.acme.app',
    to: 'device-token-1',
    title: 'On its way',
    body: 'Your order has left our house.',
    data: { orderId: '1234' },
    imageUrl: '',
    actionUrl: 'https://acme.example/orders/1234',
    collapseKey: 'order-1234',
  },
  chat: { ...envelope, channel: 'chat', from: 'Acme', to: 'C0123456789', text: 'Order *1234* has shipped' },
  webhook: {
    ...envelope,
    channel: 'webhook',
    from: 'Acme',
    to: 'https://customer.example/hooks',
    type: 'order.shipped',
    data: '{"orderId":"1234"}',
    secret: '',
  },
}

/** A signal that never aborts. */
export const patient: AbortSignal = new AbortController().signal
