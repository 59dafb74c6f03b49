import { Channel } from '@mainstay/proto/notify/v1'
import type { LucideIcon } from 'lucide-react'
import { Bell, Hash, Inbox, Mail, MessageCircle, MessageSquareText, Webhook } from 'lucide-react'

/** How a channel reads. */
export interface ChannelLook {
  /** Its name in addresses and API filters. */
  slug: string
  word: string
  icon: LucideIcon
}

/** Every channel, in the order of the contract. */
export const channels: ReadonlyMap<Channel, ChannelLook> = new Map([
  [Channel.EMAIL, { slug: 'email', word: 'Email', icon: Mail }],
  [Channel.SMS, { slug: 'sms', word: 'SMS', icon: MessageSquareText }],
  [Channel.WHATSAPP, { slug: 'whatsapp', word: 'WhatsApp', icon: MessageCircle }],
  [Channel.PUSH, { slug: 'push', word: 'Push', icon: Bell }],
  [Channel.CHAT, { slug: 'chat', word: 'Chat', icon: Hash }],
  [Channel.WEBHOOK, { slug: 'webhook', word: 'Webhook', icon: Webhook }],
  [Channel.INBOX, { slug: 'inbox', word: 'Inbox', icon: Inbox }],
])

export function channelWord(channel: Channel): string {
  return channels.get(channel)?.word ?? 'Other'
}

/** `CHANNEL_SMS` as the number that the contract's enum has for it. */
export function channelNamed(name: string): Channel {
  const key = name.replace(/^CHANNEL_/, '')
  return key in Channel ? Channel[key as keyof typeof Channel] : Channel.UNSPECIFIED
}
