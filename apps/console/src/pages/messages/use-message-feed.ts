import type { Message } from '@mainstay/proto/notify/v1'
import { useMemo } from 'react'
import { mainstayFor, useScope } from '../../api/mainstay.ts'
import { isSignedOut } from '../../api/query-client.ts'
import { toMs } from '../../format/time.ts'
import type { FeedSource } from '../../live/feed.ts'
import { useFeed } from '../../live/use-feed.ts'
import { belongs, type MessageFilters, toApiFilter, writeFilters } from './message-filters.ts'

/** A quick first screen, then fewer round trips for whoever scrolls on. */
const firstPageSize = 100
const furtherPageSize = 500

/** The list of messages, live at its head. */
export function useMessageFeed(filters: MessageFilters) {
  const [project, modeName] = useScope()
  const key = `${project} ${modeName} ${writeFilters(new URLSearchParams(), filters)}`
  return useFeed(key, () => messageSource(filters, modeName))
}

function messageSource(filters: MessageFilters, modeName: 'test' | 'live'): FeedSource<Message> {
  const { notify } = mainstayFor(modeName)
  const live = modeName === 'live'
  return {
    async loadPage(pageToken, signal) {
      const filter = toApiFilter(filters, { withStates: true, live })
      const pageSize = pageToken === '' ? firstPageSize : furtherPageSize
      const page = await notify.listMessages({ pageSize, pageToken, filter }, { signal })
      return { rows: page.messages, nextPageToken: page.nextPageToken }
    },
    async *watch(signal) {
      const filter = toApiFilter(filters, { withStates: false, live })
      for await (const change of notify.watchMessages({ filter }, { signal })) yield { row: change.message }
    },
    id: (message) => message.messageId,
    revision: (message) => toMs(message.updateTime) ?? 0,
    belongs: (message) => belongs(message, filters, live),
    isRefusal: isSignedOut,
  }
}

/** The filters of an address, as one object for as long as the address stays the same. */
export function useFiltersOf(
  search: URLSearchParams,
  read: (search: URLSearchParams) => MessageFilters,
): MessageFilters {
  const text = search.toString()
  return useMemo(() => read(new URLSearchParams(text)), [text, read])
}
