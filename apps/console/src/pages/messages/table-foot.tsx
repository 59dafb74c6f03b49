import type { Message } from '@mainstay/proto/notify/v1'
import { Button } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import type { useMessageFeed } from './use-message-feed.ts'

/** Below the last row: that more is coming, that it failed, or that this is the end. */
export function TableFoot({
  feed,
}: {
  feed: ReturnType<typeof useMessageFeed> & { rows: readonly Message[] }
}) {
  if (feed.status === 'loading') return null
  if (feed.moreError) {
    return (
      <div className="sticky left-0 flex flex-col items-start gap-2 p-4 md:px-6">
        <FailureNote error={feed.moreError} />
        <Button onClick={() => void feed.loadMore(true)}>Load more</Button>
      </div>
    )
  }
  return (
    <p className="sticky left-0 px-4 py-3 text-xs text-ink-3 md:px-6">
      {feed.hasMore ? 'Loading older messages' : 'This is the first message.'}
    </p>
  )
}
