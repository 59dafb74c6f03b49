import { useInfiniteQuery } from '@tanstack/react-query'
import { mainstay, useScope } from '../../api/mainstay.ts'
import type { PhoneView } from '../../notify/phone-views.ts'

/** What the sandbox phone got, newest first. The head is read again every two seconds while the page is open. */
export function useSandboxItems(view: PhoneView, { text, messageId }: { text: string; messageId: string }) {
  return useInfiniteQuery({
    queryKey: ['sandbox-items', view.slug, text, messageId, ...useScope()],
    queryFn: ({ pageParam, signal }) =>
      mainstay().notify.listSandboxItems(
        { channels: [...view.channels], text, messageId, pageToken: pageParam, pageSize: 100 },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextPageToken || undefined,
    refetchInterval: ({ state }) => (state.data && state.data.pages.length > 3 ? 15_000 : 2_000),
  })
}
