import { Channel } from '@mainstay/proto/notify/v1'

/** One of the tabs: which channels it shows, and which one a test goes to. */
export interface PhoneView {
  slug: 'messages' | 'lock-screen' | 'inbox' | 'chat' | 'webhooks'
  title: string
  /** Names of `Channel`. */
  channels: readonly string[]
  testChannel: Channel
  empty: string
}

export const phoneViews: readonly PhoneView[] = [
  {
    slug: 'messages',
    title: 'Messages',
    channels: ['CHANNEL_SMS', 'CHANNEL_WHATSAPP'],
    testChannel: Channel.SMS,
    empty: 'No SMS or WhatsApp yet',
  },
  {
    slug: 'lock-screen',
    title: 'Lock screen',
    channels: ['CHANNEL_PUSH'],
    testChannel: Channel.PUSH,
    empty: 'No pushes yet',
  },
  {
    slug: 'inbox',
    title: 'Inbox',
    channels: ['CHANNEL_INBOX'],
    testChannel: Channel.INBOX,
    empty: 'Nothing in anybody’s inbox yet',
  },
  {
    slug: 'chat',
    title: 'Chat',
    channels: ['CHANNEL_CHAT'],
    testChannel: Channel.CHAT,
    empty: 'No chat posts yet',
  },
  {
    slug: 'webhooks',
    title: 'Webhooks',
    channels: ['CHANNEL_WEBHOOK'],
    testChannel: Channel.WEBHOOK,
    empty: 'No webhooks yet',
  },
]

/** The view of an address; the first one where the address names none. */
export function phoneViewOf(slug: string | null): PhoneView {
  const view = phoneViews.find((one) => one.slug === slug) ?? phoneViews[0]
  if (!view) throw new Error('There is a first view')
  return view
}

/** The view that shows a channel. */
export function viewOfChannel(channel: Channel): PhoneView['slug'] {
  const name = `CHANNEL_${Channel[channel]}`
  return phoneViews.find(({ channels }) => channels.includes(name))?.slug ?? 'messages'
}
