import type { Channel } from '@mainstay/proto/notify/v1'
import { Waypoints } from 'lucide-react'
import { channels, channelWord } from './channels.ts'

/** A channel as its icon and its word. `iconOnly` keeps the word for screen readers and the pointer. */
export function ChannelMark({ channel, iconOnly = false }: { channel: Channel; iconOnly?: boolean }) {
  const Icon = channels.get(channel)?.icon ?? Waypoints
  const word = channelWord(channel)
  return (
    <span
      className="inline-flex items-center gap-1.5 align-middle whitespace-nowrap"
      title={iconOnly ? word : undefined}
    >
      <Icon aria-hidden className="size-3.5 shrink-0 text-ink-3" />
      {iconOnly ? <span className="sr-only">{word}</span> : word}
    </span>
  )
}

/** The channels that an account serves: by name where they are few, and otherwise that it serves all. */
export function ChannelMarks({ channels: served }: { channels: readonly Channel[] }) {
  if (served.length > 2) return <span className="whitespace-nowrap">Every channel</span>
  return (
    <span className="inline-flex flex-wrap gap-x-3 align-middle">
      {served.map((channel) => (
        <ChannelMark key={channel} channel={channel} />
      ))}
    </span>
  )
}
