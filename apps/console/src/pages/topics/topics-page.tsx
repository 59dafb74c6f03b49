import { Recipients, type Topic } from '@mainstay/proto/notify/v1/recipients'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { lazy, Suspense, useMemo, useState } from 'react'
import { serviceOf, useScope } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card, PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { Snippet, type SnippetTab } from '../../components/snippet/snippet.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { formatCount } from '../../format/number.ts'

const CreateTopicDialog = lazy(() =>
  import('./create-topic-dialog.tsx').then((module) => ({ default: module.CreateTopicDialog })),
)
const DeleteTopicDialog = lazy(() =>
  import('./delete-topic-dialog.tsx').then((module) => ({ default: module.DeleteTopicDialog })),
)

/** What people subscribe to. A row leads to its members. */
export function Component() {
  const scope = useScope()
  const [isCreating, setCreating] = useState(false)
  const [deleting, setDeleting] = useState<Topic>()
  const found = useInfiniteQuery({
    queryKey: ['topics', ...scope],
    queryFn: ({ pageParam, signal }) =>
      serviceOf(Recipients).listTopics({ pageToken: pageParam, pageSize: 100 }, { signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextPageToken || undefined,
  })
  const rows = found.data?.pages.flatMap((page) => page.topics)
  const columns = useMemo(() => columnsWith(setDeleting), [])
  const create = (
    <Button kind="primary" onClick={() => setCreating(true)}>
      <Plus aria-hidden />
      Create topic
    </Button>
  )
  return (
    <ScrollPage>
      <PageHeader title="Topics">{create}</PageHeader>
      {found.isError && !rows ? (
        <FailureState error={found.error} onRetry={() => void found.refetch()} />
      ) : rows?.length === 0 ? (
        <div className="mx-auto flex w-full max-w-[680px] flex-col items-start gap-4 py-8">
          <div>
            <h2 className="text-lg font-semibold">No topics yet</h2>
            <p className="mt-1 text-base text-ink-2">
              A topic is a list of recipients that you keep: those who asked for your newsletter, who follow a
              team, who wait for a product.
            </p>
          </div>
          <Snippet label="Create a topic" tabs={snippets(window.location.origin)} />
          {create}
        </div>
      ) : (
        <Card>
          <ListTable
            label="Topics"
            columns={columns}
            rows={rows}
            rowId={({ topic }) => topic}
            rowHref={({ topic }) => `/recipients?topic=${topic}`}
            compact={(row) => ({
              first: row.displayName || row.topic,
              aside: `${countWord(row.memberCount)} ${row.memberCount === 1 ? 'member' : 'members'}`,
              second: row.description || <span className="tabular">{row.topic}</span>,
              actions: <DeleteButton topic={row} onDelete={setDeleting} />,
            })}
          />
        </Card>
      )}
      {found.hasNextPage && (
        <Button
          className="self-start"
          onClick={() => void found.fetchNextPage()}
          busy={found.isFetchingNextPage}
        >
          Show more
        </Button>
      )}
      <Suspense>
        {isCreating && <CreateTopicDialog onClose={() => setCreating(false)} />}
        {deleting && <DeleteTopicDialog topic={deleting} onClose={() => setDeleting(undefined)} />}
      </Suspense>
    </ScrollPage>
  )
}

/** Members are counted up to ten thousand. */
function countWord(count: number): string {
  return count > 10_000 ? 'over 10,000' : formatCount(count)
}

function DeleteButton({ topic, onDelete }: { topic: Topic; onDelete: (topic: Topic) => void }) {
  return (
    <Button
      size="sm"
      className="relative z-10"
      onClick={() => onDelete(topic)}
      aria-label={`Delete ${topic.displayName || topic.topic}`}
    >
      Delete
    </Button>
  )
}

const columnsWith = (onDelete: (topic: Topic) => void): ListColumn<Topic>[] => [
  { title: 'Name', width: '26%', cell: ({ topic, displayName }) => displayName || topic },
  {
    title: 'Id',
    width: '20%',
    cell: ({ topic }) => <span className="tabular text-xs text-ink-2">{topic}</span>,
  },
  {
    title: 'About',
    cell: ({ description }) => (
      <span className="text-ink-2" title={description}>
        {description}
      </span>
    ),
  },
  {
    title: 'Members',
    width: '120px',
    align: 'right',
    cell: ({ memberCount }) => <span className="tabular">{countWord(memberCount)}</span>,
  },
  {
    title: 'Created',
    width: '108px',
    align: 'right',
    cell: ({ createTime }) => <RelativeTime time={createTime} />,
  },
  {
    title: 'Delete',
    width: '96px',
    untitled: true,
    align: 'right',
    cell: (row) => <DeleteButton topic={row} onDelete={onDelete} />,
  },
]

function snippets(origin: string): SnippetTab[] {
  return [
    {
      title: 'curl',
      code: `curl ${origin}/v1/topics \\
  -H "Authorization: Bearer $MAINSTAY_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{ "topic": "weekly-news", "displayName": "Weekly news" }'

curl ${origin}/v1/topics/weekly-news/members:add \\
  -H "Authorization: Bearer $MAINSTAY_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{ "recipientIds": ["ada"] }'`,
    },
    {
      title: 'TypeScript',
      code: `await mainstay.recipients.createTopic({
  topic: { topic: 'weekly-news', displayName: 'Weekly news' },
})
await mainstay.recipients.addTopicMembers({
  topic: 'weekly-news',
  recipientIds: ['ada'],
})`,
    },
  ]
}
