/** The ways that leave the house through a provider, in the order of the contract's `Channel`. */
export const PROVIDER_CHANNELS = ['email', 'sms', 'whatsapp', 'push', 'chat', 'webhook'] as const

export type ProviderChannel = (typeof PROVIDER_CHANNELS)[number]

/** The inbox stays in the house: no provider carries it (inbox/courier.ts). */
export type MessageChannel = ProviderChannel | 'inbox'

export const MESSAGE_CHANNELS: readonly MessageChannel[] = [...PROVIDER_CHANNELS, 'inbox']

/** A channel by its number in the contract (1 is email). Undefined: no such channel. */
export function channelName(channel: number): MessageChannel | undefined {
  return MESSAGE_CHANNELS[channel - 1]
}

/** The same, where only what goes through a provider is of interest. */
export function providerChannelName(channel: number): ProviderChannel | undefined {
  return PROVIDER_CHANNELS[channel - 1]
}

/** A channel's number in the contract. */
export function channelNumber(channel: MessageChannel): number {
  return MESSAGE_CHANNELS.indexOf(channel) + 1
}

/** What every message has, whatever its channel, as an adapter gets it. */
interface Envelope {
  /** `msg_…`: the same at every attempt; an adapter with an idempotency key sends this one. */
  messageId: string
  /** The project's uuid. */
  projectId: string
  /** `ntf_…` */
  notificationId: string
  /** The account's sender, in the form that its kind of provider asks for. */
  from: string
  /** One address of the channel: an email address, a phone number in E.164, a device's token, a place in a chat, a URL. */
  to: string
  class: 'otp' | 'transactional' | 'bulk'
  /** From 1 on. */
  attempt: number
  /** How long it is still worth delivering, in milliseconds. */
  ttlMs: number
  /** W3C trace context, handed on where the provider's protocol has a place for it. */
  traceparent?: string
  /** Where the provider is to report what became of the message; undefined while this installation has no public address. */
  reportUrl?: string
}

/** One email, rendered and addressed. */
export interface OutgoingEmail extends Envelope {
  channel: 'email'
  subject: string
  /** May be empty when `html` is not. */
  text: string
  /** May be empty when `text` is not. */
  html: string
  /** Headers beyond those that the adapter makes itself. */
  headers: Readonly<Record<string, string>>
  /** A mailbox that answers go to. Absent: to the sender. */
  replyTo?: string
  /** Absent: none. */
  attachments?: readonly OutgoingAttachment[]
}

/** A file that travels with an email. Its name was checked when it was accepted: no control characters, no folders. */
export interface OutgoingAttachment {
  fileName: string
  contentType: string
  /** By which the HTML shows it, `cid:…`; empty: it is not shown. */
  contentId: string
  content: Buffer
}

/** One text message; the provider splits it into segments. */
export interface OutgoingSms extends Envelope {
  channel: 'sms'
  text: string
}

/**
 * One WhatsApp message: free text, which people only get within 24 hours of their own last message, or a template that the
 * provider has approved.
 */
export interface OutgoingWhatsapp extends Envelope {
  channel: 'whatsapp'
  content: { text: string } | { template: string; language: string; parameters: readonly string[] }
}

/** One push notification to one device or browser. */
export interface OutgoingPush extends Envelope {
  channel: 'push'
  title: string
  body: string
  /** For the app; names and values are its own. */
  data: Readonly<Record<string, string>>
  /** Empty: none. */
  imageUrl: string
  /** Opened by a tap. Empty: the app decides. */
  actionUrl: string
  /** A newer push with the same key replaces one that was not seen yet. Empty: none. At most 64 bytes. */
  collapseKey: string
}

/** One post to a chat. */
export interface OutgoingChat extends Envelope {
  channel: 'chat'
  /** Plain text or the chat's own markup. */
  text: string
}

/** One call of a customer's own endpoint. */
export interface OutgoingWebhook extends Envelope {
  channel: 'webhook'
  /** What happened, for example `order.shipped`. */
  type: string
  /** A JSON object, as text. */
  data: string
  /** The signing secret of the endpoint it goes to, `whsec_…`; empty: the account's own. */
  secret: string
}

export type Outgoing =
  | OutgoingEmail
  | OutgoingSms
  | OutgoingWhatsapp
  | OutgoingPush
  | OutgoingChat
  | OutgoingWebhook

export type OutgoingOf<C extends ProviderChannel> = Extract<Outgoing, { channel: C }>
