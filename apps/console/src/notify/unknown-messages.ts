import { MessageState } from '@mainstay/proto/notify/v1'
import { useQuery } from '@tanstack/react-query'
import { mainstayFor, useScope } from '../api/mainstay.ts'

/** As many as one looks through at a time. */
const pageSize = 100

export const unknownMessagesKey = 'unknown-messages'

/** The messages whose outcome nobody knows, the one that has waited longest first, and whether there are more of them. */
export function useUnknownMessages({ refetchMs }: { refetchMs: number }) {
  const [project, modeName] = useScope()
  return useQuery({
    queryKey: [unknownMessagesKey, project, modeName],
    async queryFn({ signal }) {
      const filter = { states: [MessageState.UNKNOWN], live: modeName === 'live' }
      const page = await mainstayFor(modeName).notify.listMessages(
        { pageSize, orderBy: 'create_time', filter },
        { signal },
      )
      return { messages: page.messages, hasMore: page.nextPageToken !== '' }
    },
    enabled: project !== '',
    refetchInterval: refetchMs,
  })
}
