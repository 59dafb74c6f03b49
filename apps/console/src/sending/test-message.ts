import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf'
import { Channel, type SendNotificationRequestSchema } from '@mainstay/proto/notify/v1'

/** What the dialog asks for; a channel uses some of it. */
export interface TestFields {
  to: string
  subject: string
  title: string
  text: string
  type: string
  data: string
}

/** One channel as the dialog shows it. */
export interface TestForm {
  /** The field of `Target` that holds its address. */
  target: 'email' | 'phone' | 'deviceToken' | 'chat' | 'url' | 'recipientId'
  toLabel: string
  toHelp?: string
  /** What is asked for besides the address, in order. */
  asks: readonly Exclude<keyof TestFields, 'to'>[]
  example: Partial<TestFields>
  content(fields: TestFields): NonNullable<MessageInitShape<typeof SendNotificationRequestSchema>['content']>
}

const journey = 'this message went the whole way: accepted, queued, sent, delivered.'

/** Every channel, with an example that can be sent as it is. */
export const testForms: ReadonlyMap<Channel, TestForm> = new Map<Channel, TestForm>([
  [
    Channel.EMAIL,
    {
      target: 'email',
      toLabel: 'To',
      asks: ['subject', 'text'],
      example: { to: 'ada@example.com', subject: 'It works', text: `Hello Ada,\n\n${journey}` },
      content: ({ subject, text }) => ({ case: 'email', value: { subject, text } }),
    },
  ],
  [
    Channel.SMS,
    {
      target: 'phone',
      toLabel: 'Phone number',
      toHelp: 'With its country code: +491701234567.',
      asks: ['text'],
      example: { to: '+491701234567', text: 'Your code is 481 502. It is good for five minutes.' },
      content: ({ text }) => ({ case: 'sms', value: { text } }),
    },
  ],
  [
    Channel.WHATSAPP,
    {
      target: 'phone',
      toLabel: 'Phone number',
      toHelp: 'With its country code: +491701234567.',
      asks: ['text'],
      example: { to: '+491701234567', text: `Hello Ada, ${journey}` },
      content: ({ text }) => ({ case: 'whatsapp', value: { content: { case: 'text', value: text } } }),
    },
  ],
  [
    Channel.PUSH,
    {
      target: 'deviceToken',
      toLabel: 'Device token',
      toHelp: 'What the platform knows the device by. In the sandbox any text will do.',
      asks: ['title', 'text'],
      example: { to: 'device-of-ada', title: 'On its way', text: 'Your order will be with you at 18:40.' },
      content: ({ title, text: body }) => ({ case: 'push', value: { title, body } }),
    },
  ],
  [
    Channel.INBOX,
    {
      target: 'recipientId',
      toLabel: 'Recipient',
      toHelp: 'Your id of the person. They need not be stored.',
      asks: ['title', 'text'],
      example: { to: 'ada', title: 'Your order has shipped', text: 'It will be with you on Friday.' },
      content: ({ title, text: body }) => ({ case: 'inbox', value: { title, body } }),
    },
  ],
  [
    Channel.CHAT,
    {
      target: 'chat',
      toLabel: 'Place',
      toHelp: 'The id of a channel or a person. Empty where the account leads to one place.',
      asks: ['text'],
      example: { to: 'C01234567', text: 'Order *1234* has shipped.' },
      content: ({ text }) => ({ case: 'chat', value: { text } }),
    },
  ],
  [
    Channel.WEBHOOK,
    {
      target: 'url',
      toLabel: 'Address',
      asks: ['type', 'data'],
      example: {
        to: 'https://customer.example/hooks',
        type: 'order.shipped',
        data: '{\n  "orderId": "1234",\n  "items": 2\n}',
      },
      content: ({ type, data }) => ({
        case: 'webhook',
        value: { type, data: JSON.parse(data || '{}') as JsonObject },
      }),
    },
  ],
])

/** The form of a channel; email's for one that is not known. */
export function testFormOf(channel: Channel): TestForm {
  const form = testForms.get(channel) ?? testForms.get(Channel.EMAIL)
  if (!form) throw new Error('Email has a form')
  return form
}

export function exampleOf(channel: Channel): TestFields {
  return { to: '', subject: '', title: '', text: '', type: '', data: '', ...testFormOf(channel).example }
}

/** The request that sends it. */
export function toRequest(
  channel: Channel,
  fields: TestFields,
): MessageInitShape<typeof SendNotificationRequestSchema> {
  const { target, content } = testFormOf(channel)
  return { to: { target: { case: target, value: fields.to.trim() } }, content: content(fields) }
}
