import type { Account } from '@mainstay/proto/identity/v1/accounts'
import { useCallback, useMemo } from 'react'
import { Outlet, useNavigate, useParams, useSearchParams } from 'react-router'
import { Button } from '../../components/button/button.tsx'
import { ColumnMenu } from '../../components/data-table/column-menu.tsx'
import { DataTable } from '../../components/data-table/data-table.tsx'
import { useColumnChoice } from '../../components/data-table/use-column-choice.ts'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { PageHeader } from '../../components/page/page.tsx'
import { accountColumns, compactAccount } from './account-columns.tsx'
import { AccountFilterBar } from './account-filter-bar.tsx'
import { FirstAccount } from './first-account.tsx'
import { type AccountFilters, readFilters, useAccounts, writeFilters } from './use-accounts.ts'

const rowId = ({ accountId }: Account) => accountId
const none: AccountFilters = { text: '', kind: '', state: '' }

/** Everybody who signs in, of every kind. A row opens beside the list and has its own address. */
export function Component() {
  const navigate = useNavigate()
  const { accountId } = useParams()
  const [search, setSearch] = useSearchParams()
  const filters = readFilters(search)
  const found = useAccounts(filters)
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.accounts) ?? [], [found.data])
  const choice = useColumnChoice('accounts', accountColumns)
  const query = search.size > 0 ? `?${search}` : ''
  const rowHref = useCallback((row: Account) => `/accounts/${row.accountId}${query}`, [query])
  const { fetchNextPage, isFetchingNextPage } = found
  const onEndReached = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage()
  }, [fetchNextPage, isFetchingNextPage])
  const show = (next: AccountFilters) => setSearch(writeFilters(search, next))
  const isFiltered = (filters.text || filters.kind || filters.state) !== ''

  return (
    <div className="flex h-full min-h-0">
      <div className="flex min-w-0 flex-1 flex-col">
        <div className="flex flex-col gap-3 border-b border-line px-4 pt-5 pb-3 md:px-6">
          <PageHeader title="Accounts">
            <span className="max-md:hidden">
              <ColumnMenu choice={choice} />
            </span>
          </PageHeader>
          <AccountFilterBar
            filters={filters}
            onChange={show}
            onOpen={(id) => void navigate(`/accounts/${id}${query}`)}
          />
        </div>
        <div className="min-h-0 flex-1">
          {found.isError && rows.length === 0 ? (
            <FailureState error={found.error} onRetry={() => void found.refetch()} />
          ) : found.isSuccess && rows.length === 0 ? (
            <div className="h-full overflow-y-auto">
              {isFiltered ? (
                <EmptyState
                  title="Nobody matches"
                  actions={<Button onClick={() => show(none)}>Show all</Button>}
                >
                  Phone numbers, email addresses and names are found by how they begin; an id is opened when
                  it is whole. Deleted accounts are listed only where you ask for them.
                </EmptyState>
              ) : (
                <FirstAccount />
              )}
            </div>
          ) : (
            <DataTable
              label="Accounts"
              rows={rows}
              status={found.data ? 'ready' : 'loading'}
              columns={accountColumns}
              choice={choice}
              rowId={rowId}
              rowHref={rowHref}
              linkColumn="name"
              compact={compactAccount}
              openId={accountId}
              onClose={() => void navigate(`/accounts${query}`)}
              hasMore={found.hasNextPage && !found.isFetchNextPageError}
              onEndReached={onEndReached}
              foot={<Foot found={found} />}
            />
          )}
        </div>
      </div>
      <Outlet />
    </div>
  )
}

function Foot({ found }: { found: ReturnType<typeof useAccounts> }) {
  if (!found.data) return null
  if (found.isFetchNextPageError) {
    return (
      <div className="sticky left-0 flex flex-col items-start gap-2 p-4 md:px-6">
        <FailureNote error={found.error} />
        <Button onClick={() => void found.fetchNextPage()}>Load more</Button>
      </div>
    )
  }
  if (!found.hasNextPage) return null
  return <p className="sticky left-0 px-4 py-3 text-xs text-ink-3 md:px-6">Loading more accounts</p>
}
