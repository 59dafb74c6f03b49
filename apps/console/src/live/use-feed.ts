import { useEffect, useState, useSyncExternalStore } from 'react'
import { Feed, type FeedSource, type FeedView } from './feed.ts'

/** A feed that lives as long as `key` stays the same; another key (other filters, another project) is another feed. */
export function useFeed<Row>(
  key: string,
  makeSource: () => FeedSource<Row>,
): FeedView<Row> & Pick<Feed<Row>, 'pause' | 'resume' | 'retry' | 'loadMore'> {
  const [held, setHeld] = useState(() => ({ key, feed: new Feed(makeSource()) }))
  let { feed } = held
  if (held.key !== key) {
    feed = new Feed(makeSource())
    setHeld({ key, feed })
  }
  useEffect(() => feed.start(), [feed])
  const view = useSyncExternalStore(feed.subscribe, feed.view)
  return { ...view, pause: feed.pause, resume: feed.resume, retry: feed.retry, loadMore: feed.loadMore }
}
