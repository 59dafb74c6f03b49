import type { AuditEntry } from '@mainstay/proto/access/v1'
import { useInfiniteQuery } from '@tanstack/react-query'
import { mainstay, useScope } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { Copyable } from '../../components/copy/copy-button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card } from '../../components/page/page.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'

/** What operators and API keys changed in the project, newest first. */
export function Component() {
  const [project] = useScope()
  const entries = useInfiniteQuery({
    queryKey: ['audit', project],
    queryFn: ({ pageParam, signal }) =>
      mainstay().access.listAuditEntries({ pageToken: pageParam, pageSize: 50 }, { signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextPageToken || undefined,
  })
  const rows = entries.data?.pages.flatMap((page) => page.auditEntries)
  if (entries.isError && !rows)
    return <FailureState error={entries.error} onRetry={() => void entries.refetch()} />
  if (rows?.length === 0) {
    return (
      <EmptyState title="No changes yet">
        Each change of keys, providers and templates is written down here, with who made it.
      </EmptyState>
    )
  }
  return (
    <>
      <Card>
        <ListTable
          label="Changes"
          columns={columns}
          rows={rows}
          rowId={(entry) => entry.auditEntryId}
          compact={(entry) => ({
            first: <span className="tabular text-xs">{entry.action}</span>,
            aside: <RelativeTime time={entry.createTime} />,
            second: <p className="truncate">{entry.actor}</p>,
          })}
        />
      </Card>
      {entries.hasNextPage && (
        <Button
          className="self-start"
          busy={entries.isFetchingNextPage}
          onClick={() => void entries.fetchNextPage()}
        >
          Show older changes
        </Button>
      )}
    </>
  )
}

const columns: ListColumn<AuditEntry>[] = [
  { title: 'When', width: '120px', cell: (entry) => <RelativeTime time={entry.createTime} /> },
  { title: 'What', cell: (entry) => <span className="tabular text-xs">{entry.action}</span> },
  { title: 'Who', width: '200px', cell: (entry) => <Actor id={entry.actor} /> },
  {
    title: 'On',
    width: '200px',
    cell: (entry) => <Copyable text={entry.resource} what="resource id" short />,
  },
  {
    title: 'Request',
    width: '200px',
    cell: (entry) => entry.requestId && <Copyable text={entry.requestId} what="request id" short />,
  },
]

function Actor({ id }: { id: string }) {
  return id === 'system' ? 'Mainstay itself' : <Copyable text={id} what="actor id" short />
}
