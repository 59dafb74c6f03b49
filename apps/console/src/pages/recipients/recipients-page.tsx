import type { Recipient } from '@mainstay/proto/notify/v1'
import { type FormEvent, useCallback, useMemo, useState } from 'react'
import { Outlet, useNavigate, useParams, useSearchParams } from 'react-router'
import { Button } from '../../components/button/button.tsx'
import { ColumnMenu } from '../../components/data-table/column-menu.tsx'
import { DataTable } from '../../components/data-table/data-table.tsx'
import { useColumnChoice } from '../../components/data-table/use-column-choice.ts'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { Select, TextInput } from '../../components/field/inputs.tsx'
import { PageHeader } from '../../components/page/page.tsx'
import { FirstRecipient } from './first-recipient.tsx'
import { compactRecipient, recipientColumns } from './recipient-columns.tsx'
import {
  type RecipientFilters,
  readFilters,
  useGroups,
  useRecipients,
  writeFilters,
} from './use-recipients.ts'

const rowId = ({ recipientId }: Recipient) => recipientId

/** Everybody that the project sends to. A row opens beside the list and has its own address. */
export function Component() {
  const navigate = useNavigate()
  const { recipientId } = useParams()
  const [search, setSearch] = useSearchParams()
  const filters = readFilters(search)
  const found = useRecipients(filters)
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.recipients) ?? [], [found.data])
  const choice = useColumnChoice('recipients', recipientColumns)
  const query = search.size > 0 ? `?${search}` : ''
  const rowHref = useCallback(
    (row: Recipient) => `/recipients/${encodeURIComponent(row.recipientId)}${query}`,
    [query],
  )
  const { fetchNextPage, isFetchingNextPage } = found
  const onEndReached = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage()
  }, [fetchNextPage, isFetchingNextPage])
  const show = (next: RecipientFilters) => setSearch(writeFilters(search, next))
  const isEmpty = found.isSuccess && rows.length === 0

  return (
    <div className="flex h-full min-h-0">
      <div className="flex min-w-0 flex-1 flex-col">
        <div className="flex flex-col gap-3 border-b border-line px-4 pt-5 pb-3 md:px-6">
          <PageHeader title="Recipients">
            <span className="max-md:hidden">
              <ColumnMenu choice={choice} />
            </span>
          </PageHeader>
          <Filters filters={filters} onChange={show} />
        </div>
        <div className="min-h-0 flex-1">
          {found.isError && rows.length === 0 ? (
            <FailureState error={found.error} onRetry={() => void found.refetch()} />
          ) : isEmpty ? (
            <div className="h-full overflow-y-auto">
              <Nobody filters={filters} onClear={() => show({ text: '', topic: '', segment: '' })} />
            </div>
          ) : (
            <DataTable
              label="Recipients"
              rows={rows}
              status={found.data ? 'ready' : 'loading'}
              columns={recipientColumns}
              choice={choice}
              rowId={rowId}
              rowHref={rowHref}
              linkColumn="id"
              compact={compactRecipient}
              openId={recipientId}
              onClose={() => void navigate(`/recipients${query}`)}
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

function Filters({
  filters,
  onChange,
}: {
  filters: RecipientFilters
  onChange: (filters: RecipientFilters) => void
}) {
  const groups = useGroups()
  const { text, topic, segment } = filters
  return (
    <div className="flex flex-wrap items-center gap-2">
      <TextSearch key={text} value={text} onApply={(next) => onChange({ ...filters, text: next })} />
      <GroupSelect
        label="Topic"
        every="Every topic"
        value={topic}
        groups={groups.data?.topics ?? []}
        onChange={(next) => onChange({ ...filters, topic: next })}
      />
      <GroupSelect
        label="Segment"
        every="Every segment"
        value={segment}
        groups={groups.data?.segments ?? []}
        onChange={(next) => onChange({ ...filters, segment: next })}
      />
      {(text || topic || segment) !== '' && (
        <Button kind="ghost" onClick={() => onChange({ text: '', topic: '', segment: '' })}>
          Clear
        </Button>
      )}
    </div>
  )
}

function TextSearch({ value, onApply }: { value: string; onApply: (value: string) => void }) {
  const [text, setText] = useState(value)
  function submit(event: FormEvent): void {
    event.preventDefault()
    onApply(text.trim())
  }
  return (
    <form onSubmit={submit} className="w-full max-w-80">
      <TextInput
        type="search"
        aria-label="Find by how an id, address or name begins"
        placeholder="Id, email or name begins with"
        value={text}
        onChange={(event) => setText(event.target.value)}
        autoComplete="off"
        spellCheck={false}
      />
    </form>
  )
}

function GroupSelect({
  label,
  every,
  value,
  groups,
  onChange,
}: {
  label: string
  every: string
  value: string
  groups: readonly { id: string; name: string }[]
  onChange: (value: string) => void
}) {
  // One that came with the address stays chosen while the others load, or are too many to list.
  const isListed = value === '' || groups.some(({ id }) => id === value)
  if (groups.length === 0 && value === '') return null
  return (
    <Select
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className="max-w-[calc(50%-4px)] sm:max-w-44"
    >
      <option value="">{every}</option>
      {!isListed && <option value={value}>{value}</option>}
      {groups.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </Select>
  )
}

function Nobody({ filters, onClear }: { filters: RecipientFilters; onClear: () => void }) {
  if ((filters.text || filters.topic || filters.segment) === '') return <FirstRecipient />
  return (
    <EmptyState title="Nobody matches" actions={<Button onClick={onClear}>Show all</Button>}>
      Ids, email addresses and names are found by how they begin.
    </EmptyState>
  )
}

function Foot({ found }: { found: ReturnType<typeof useRecipients> }) {
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
  return <p className="sticky left-0 px-4 py-3 text-xs text-ink-3 md:px-6">Loading more recipients</p>
}
