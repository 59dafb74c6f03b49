import { useInfiniteQuery } from '@tanstack/react-query'
import { mainstay, useScope } from '../../api/mainstay.ts'

/** The mail of the sandbox, newest first. The head is read again every three seconds while the page is open. */
export function useMails(to: string) {
  return useInfiniteQuery({
    queryKey: ['mails', to, ...useScope()],
    queryFn: ({ pageParam, signal }) =>
      mainstay().notify.listMails({ to, pageToken: pageParam, pageSize: 100 }, { signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextPageToken || undefined,
    refetchInterval: ({ state }) => (state.data && state.data.pages.length > 3 ? 15_000 : 3_000),
  })
}
