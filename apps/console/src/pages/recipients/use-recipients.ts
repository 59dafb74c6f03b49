import { Recipients } from '@mainstay/proto/notify/v1/recipients'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { serviceOf, useScope } from '../../api/mainstay.ts'

/** Which recipients; empty means any. As the address holds it. */
export interface RecipientFilters {
  text: string
  topic: string
  segment: string
}

export function readFilters(search: URLSearchParams): RecipientFilters {
  const { text = '', topic = '', segment = '' } = Object.fromEntries(search)
  return { text, topic, segment }
}

/** Leaves everything else in the address as it is. */
export function writeFilters(search: URLSearchParams, filters: RecipientFilters): URLSearchParams {
  const next = new URLSearchParams(search)
  for (const [name, value] of Object.entries(filters)) {
    if (value === '') next.delete(name)
    else next.set(name, value)
  }
  return next
}

/** The project's recipients by their ids: the same people in test and live mode. */
export function useRecipients(filters: RecipientFilters) {
  const scope = useScope()
  return useInfiniteQuery({
    queryKey: ['recipients', filters, ...scope],
    queryFn: ({ pageParam, signal }) =>
      serviceOf(Recipients).listRecipients(
        { filter: filters, pageToken: pageParam, pageSize: 200 },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextPageToken || undefined,
  })
}

/** The first topics and segments, to filter by. */
export function useGroups() {
  const scope = useScope()
  return useQuery({
    queryKey: ['groups', ...scope],
    queryFn: async ({ signal }) => {
      const [topics, segments] = await Promise.all([
        serviceOf(Recipients).listTopics({ pageSize: 200 }, { signal }),
        serviceOf(Recipients).listSegments({ pageSize: 200 }, { signal }),
      ])
      return {
        topics: topics.topics.map(({ topic, displayName }) => ({ id: topic, name: displayName || topic })),
        segments: segments.segments.map(({ segment, displayName }) => ({
          id: segment,
          name: displayName || segment,
        })),
      }
    },
    placeholderData: keepPreviousData,
  })
}
