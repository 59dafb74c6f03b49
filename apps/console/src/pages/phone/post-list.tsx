import type { JsonValue } from '@bufbuild/protobuf'
import type { SandboxItem } from '@mainstay/proto/notify/v1/sandbox'
import type { ReactNode } from 'react'
import { CodeBox, JsonView } from '../../components/json-view/json-view.tsx'
import { ScrollRegion } from '../../components/scroll-region/scroll-region.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { senderName } from './conversations.ts'
import { TimelineLink } from './messages-app.tsx'

interface Posts {
  items: readonly SandboxItem[]
  /** The way to what came in before, where there is more. */
  older: ReactNode
}

/** Posts to a chat, in the chat's own markup as it was sent. */
export function ChatPosts({ items, older }: Posts) {
  return (
    <PostList
      label="Chat posts"
      items={items}
      older={older}
      heading={(item) => (item.to ? `#${item.to}` : 'The webhook’s own place')}
    >
      {(item) => <p className="text-base whitespace-pre-wrap [overflow-wrap:anywhere]">{item.body}</p>}
    </PostList>
  )
}

/** Webhooks as their endpoints would have got them. */
export function WebhookCalls({ items, older }: Posts) {
  return (
    <PostList
      label="Webhooks"
      items={items}
      older={older}
      heading={(item) => <span className="tabular">{item.title}</span>}
    >
      {(item) => (
        <>
          <p className="mb-2 tabular text-xs text-ink-2 [overflow-wrap:anywhere]">POST {item.to}</p>
          <Data text={item.body} label={`Data of ${item.title}`} />
        </>
      )}
    </PostList>
  )
}

function PostList({
  label,
  items,
  older,
  heading,
  children,
}: Posts & {
  label: string
  heading: (item: SandboxItem) => ReactNode
  children: (item: SandboxItem) => ReactNode
}) {
  return (
    <ScrollRegion label={`${label}, scrollable`} className="h-full min-h-0 w-full overflow-y-auto">
      <ol aria-label={label} className="mx-auto flex w-full max-w-[760px] flex-col gap-3 px-4 py-5">
        {items.map((item) => (
          <li key={item.itemId} className="rounded-lg border border-line px-4 py-3 animate-rise">
            <p className="mb-1.5 flex flex-wrap items-baseline gap-x-3 text-xs text-ink-3">
              <span className="min-w-0 truncate text-sm font-medium text-ink">{heading(item)}</span>
              <span className="mr-auto truncate">from {senderName(item.from)}</span>
              <RelativeTime time={item.receiveTime} />
              <TimelineLink item={item} />
            </p>
            {children(item)}
          </li>
        ))}
      </ol>
      {older}
    </ScrollRegion>
  )
}

function Data({ text, label }: { text: string; label: string }) {
  const value = readJson(text)
  return value === undefined ? (
    <CodeBox text={text} label={label} />
  ) : (
    <JsonView value={value} label={label} />
  )
}

/** What is no JSON is shown as it is. */
function readJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}
