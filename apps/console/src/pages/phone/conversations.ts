import type { SandboxItem } from '@mainstay/proto/notify/v1/sandbox'

/** What one sender wrote over one channel. */
export interface Conversation {
  id: string
  /** As a person reads it: without the address behind a name. */
  sender: string
  channel: string
  /** Newest first. */
  items: SandboxItem[]
}

/** Items by sender and channel, the one that wrote last first. `items` are newest first. */
export function toConversations(items: readonly SandboxItem[]): Conversation[] {
  const byId = Map.groupBy(items, ({ channel, from }) => `${channel} ${from}`)
  return [...byId].map(([id, group]) => ({
    id,
    sender: senderName(group[0]?.from ?? ''),
    channel: group[0]?.channel ?? '',
    items: group,
  }))
}

/** `Acme` for `Acme <hello@acme.example>`; the text itself where it holds no name. */
export function senderName(from: string): string {
  return /^"?([^"<]+?)"?\s*<[^>]*>$/.exec(from)?.[1] ?? from
}
