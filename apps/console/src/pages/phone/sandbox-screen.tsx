import type { SandboxItem } from '@mainstay/proto/notify/v1/sandbox'
import { useMemo, useState } from 'react'
import type { PhoneView } from '../../notify/phone-views.ts'
import { toConversations } from './conversations.ts'
import { InboxApp } from './inbox-app.tsx'
import { LockScreen } from './lock-screen.tsx'
import { MessagesApp } from './messages-app.tsx'
import { PhoneFrame } from './phone-frame.tsx'
import { ChatPosts, WebhookCalls } from './post-list.tsx'
import { ReceivedList } from './received-list.tsx'

/** What a view shows once there is something: a phone, or posts and calls, which no phone shows. */
export function SandboxScreen({
  view,
  items,
  hasMore,
  onMore,
}: {
  view: PhoneView
  items: readonly SandboxItem[]
  hasMore: boolean
  onMore: () => void
}) {
  const conversations = useMemo(() => toConversations(items), [items])
  const [openId, setOpenId] = useState<string | undefined>(
    // With one sender there is nothing to choose.
    conversations.length === 1 ? conversations[0]?.id : undefined,
  )
  const older = hasMore && <OlderButton onMore={onMore} />
  if (view.slug === 'chat') return <ChatPosts items={items} older={older} />
  if (view.slug === 'webhooks') return <WebhookCalls items={items} older={older} />
  return (
    <div className="mx-auto flex h-full min-h-0 w-full max-w-[1100px] lg:gap-8 lg:px-6 lg:py-5">
      <PhoneFrame label="Phone">
        {view.slug === 'lock-screen' && <LockScreen items={items} />}
        {view.slug === 'inbox' && <InboxApp items={items} />}
        {view.slug === 'messages' && (
          <MessagesApp
            conversations={conversations}
            open={conversations.find(({ id }) => id === openId)}
            onOpen={setOpenId}
          />
        )}
      </PhoneFrame>
      <ReceivedList items={items} older={older} />
    </div>
  )
}

/** The way to what came in before; the phone itself shows what has been read so far. */
function OlderButton({ onMore }: { onMore: () => void }) {
  return (
    <button
      type="button"
      onClick={onMore}
      className="w-full px-4 py-3 text-left text-sm text-accent underline-offset-2 hover:underline"
    >
      Show older ones
    </button>
  )
}
