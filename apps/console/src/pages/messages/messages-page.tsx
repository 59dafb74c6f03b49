import type { Message } from '@mainstay/proto/notify/v1'
import { Send } from 'lucide-react'
import { useCallback } from 'react'
import { Outlet, useNavigate, useParams, useSearchParams } from 'react-router'
import { Button } from '../../components/button/button.tsx'
import { ColumnMenu } from '../../components/data-table/column-menu.tsx'
import { DataTable } from '../../components/data-table/data-table.tsx'
import { useColumnChoice } from '../../components/data-table/use-column-choice.ts'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { useHotkeys } from '../../components/hotkeys/use-hotkeys.ts'
import { PageHeader } from '../../components/page/page.tsx'
import { useFrameActions } from '../../frame/frame-actions.ts'
import { FirstMessage } from '../../sending/first-message.tsx'
import { FilterBar } from './filter-bar.tsx'
import { LiveControl } from './live-control.tsx'
import { compactMessage, messageColumns } from './message-columns.tsx'
import { hasFilters, type MessageFilters, noFilters, readFilters, writeFilters } from './message-filters.ts'
import { QuickFilters } from './quick-filters.tsx'
import { TableFoot } from './table-foot.tsx'
import { useFiltersOf, useMessageFeed } from './use-message-feed.ts'

const rowId = (message: Message) => message.messageId

/** Every message of the project, newest first, live. A row opens beside the list and has its own address. */
export function Component() {
  const navigate = useNavigate()
  const { messageId } = useParams()
  const [search, setSearch] = useSearchParams()
  const filters = useFiltersOf(search, readFilters)
  const feed = useMessageFeed(filters)
  const choice = useColumnChoice('messages', messageColumns)
  const { openSendTest } = useFrameActions()
  const query = search.size > 0 ? `?${search}` : ''

  useHotkeys({ ' ': () => (feed.paused ? feed.resume() : feed.pause()) })

  const rowHref = useCallback((message: Message) => `/messages/${message.messageId}${query}`, [query])
  const loadMore = feed.loadMore
  const onEndReached = useCallback(() => void loadMore(), [loadMore])
  const close = () => void navigate(`/messages${query}`)
  const setFilters = (next: MessageFilters) => setSearch(writeFilters(search, next))
  const isEmpty = feed.status === 'ready' && feed.rows.length === 0 && !feed.hasMore

  return (
    <div className="flex h-full min-h-0">
      <div className="flex min-w-0 flex-1 flex-col">
        <div className="flex flex-col gap-3 border-b border-line px-4 pt-5 pb-3 md:px-6">
          <PageHeader title="Messages">
            <LiveControl {...feed} onPause={feed.pause} onResume={feed.resume} />
            <span className="max-md:hidden">
              <ColumnMenu choice={choice} />
            </span>
            <Button kind="primary" onClick={() => openSendTest()}>
              <Send aria-hidden />
              <span className="max-sm:sr-only">Send a test</span>
            </Button>
          </PageHeader>
          <div className="flex flex-wrap items-start gap-x-2 gap-y-2 md:gap-x-3">
            <QuickFilters states={filters.states} onChange={(states) => setFilters({ ...filters, states })} />
            <FilterBar filters={filters} onChange={setFilters} />
          </div>
        </div>
        <div className="min-h-0 flex-1">
          {feed.status === 'failed' ? (
            <FailureState error={feed.error} onRetry={feed.retry} />
          ) : isEmpty ? (
            <div className="h-full overflow-y-auto">
              <NoMessages filters={filters} onClear={() => setFilters(noFilters)} />
            </div>
          ) : (
            <DataTable
              label="Messages"
              rows={feed.rows}
              status={feed.status}
              columns={messageColumns}
              choice={choice}
              rowId={rowId}
              rowHref={rowHref}
              linkColumn="to"
              compact={compactMessage}
              openId={messageId}
              onClose={close}
              hasMore={feed.hasMore}
              onEndReached={onEndReached}
              foot={<TableFoot feed={feed} />}
            />
          )}
        </div>
      </div>
      <Outlet />
    </div>
  )
}

function NoMessages({ filters, onClear }: { filters: MessageFilters; onClear: () => void }) {
  if (hasFilters(filters)) {
    return (
      <EmptyState title="No messages match" actions={<Button onClick={onClear}>Clear filters</Button>}>
        New messages that match will appear here as they come in.
      </EmptyState>
    )
  }
  return <FirstMessage />
}
