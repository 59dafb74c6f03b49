import { Recipients, type Segment } from '@mainstay/proto/notify/v1/recipients'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { serviceOf, useScope } from '../../api/mainstay.ts'
import { Button, ButtonLink } from '../../components/button/button.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card, PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { Snippet, type SnippetTab } from '../../components/snippet/snippet.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'

/** Recipients by rules. */
export function Component() {
  const scope = useScope()
  const found = useInfiniteQuery({
    queryKey: ['segments', ...scope],
    queryFn: ({ pageParam, signal }) =>
      serviceOf(Recipients).listSegments({ pageToken: pageParam, pageSize: 100 }, { signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextPageToken || undefined,
  })
  const rows = found.data?.pages.flatMap((page) => page.segments)
  const create = (
    <ButtonLink kind="primary" to="/segments/new">
      <Plus aria-hidden />
      Create segment
    </ButtonLink>
  )
  return (
    <ScrollPage>
      <PageHeader title="Segments">{create}</PageHeader>
      {found.isError && !rows ? (
        <FailureState error={found.error} onRetry={() => void found.refetch()} />
      ) : rows?.length === 0 ? (
        <div className="mx-auto flex w-full max-w-[680px] flex-col gap-4 py-8">
          <div>
            <h2 className="text-lg font-semibold">No segments yet</h2>
            <p className="mt-1 text-base text-ink-2">
              A segment describes recipients by what you know of them, their language and their topics. Who is
              in it is found when it is used, so it is never out of date.
            </p>
          </div>
          <Snippet label="Create a segment" tabs={snippets(window.location.origin)} />
          {create}
        </div>
      ) : (
        <Card>
          <ListTable
            label="Segments"
            columns={columns}
            rows={rows}
            rowId={({ segment }) => segment}
            rowHref={({ segment }) => `/segments/${segment}`}
            compact={({ segment, displayName, updateTime }) => ({
              first: displayName || segment,
              aside: <RelativeTime time={updateTime} />,
              second: <span className="tabular">{segment}</span>,
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
    </ScrollPage>
  )
}

const columns: ListColumn<Segment>[] = [
  { title: 'Name', width: '30%', cell: ({ segment, displayName }) => displayName || segment },
  {
    title: 'Id',
    width: '24%',
    cell: ({ segment }) => <span className="tabular text-xs text-ink-2">{segment}</span>,
  },
  {
    title: 'Rule',
    cell: ({ rule }) => {
      const text = JSON.stringify(rule)
      return (
        <span className="tabular text-xs text-ink-3" title={text}>
          {text}
        </span>
      )
    },
  },
  {
    title: 'Changed',
    width: '108px',
    align: 'right',
    cell: ({ updateTime }) => <RelativeTime time={updateTime} />,
  },
]

function snippets(origin: string): SnippetTab[] {
  return [
    {
      title: 'curl',
      code: `curl ${origin}/v1/segments \\
  -H "Authorization: Bearer $MAINSTAY_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "segment": "paying-customers",
    "rule": { "field": "attributes.plan", "op": "in", "value": ["pro", "team"] }
  }'`,
    },
    {
      title: 'TypeScript',
      code: `await mainstay.recipients.createSegment({
  segment: {
    segment: 'paying-customers',
    rule: { field: 'attributes.plan', op: 'in', value: ['pro', 'team'] },
  },
})`,
    },
  ]
}
