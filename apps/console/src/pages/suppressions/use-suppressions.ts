import type { SuppressionReason } from '@mainstay/proto/notify/v1/suppressions'
import { useInfiniteQuery } from '@tanstack/react-query'
import { mainstayFor, useScope } from '../../api/mainstay.ts'

/** Which suppressions; empty means any. */
export interface SuppressionFilter {
  /** A name of `Channel`. */
  channel: string
  /** Whole: the look-up is exact, so that it stays quick on any number. */
  address: string
  reason: SuppressionReason
}

/** The suppressions of the mode that the operator works in, newest first. */
export function useSuppressions({ channel, address, reason }: SuppressionFilter) {
  const [project, modeName] = useScope()
  return useInfiniteQuery({
    queryKey: ['suppressions', channel, address, reason, project, modeName],
    queryFn: ({ pageParam, signal }) =>
      mainstayFor(modeName).notify.listSuppressions(
        { channel, address, reason, live: modeName === 'live', pageToken: pageParam, pageSize: 100 },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextPageToken || undefined,
    refetchInterval: 15_000,
  })
}
