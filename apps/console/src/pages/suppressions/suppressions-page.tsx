import { Channel } from '@mainstay/proto/notify/v1'
import { type Suppression, SuppressionReason } from '@mainstay/proto/notify/v1/suppressions'
import { Plus } from 'lucide-react'
import { type FormEvent, lazy, Suspense, useMemo, useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { Button } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { Select, TextInput } from '../../components/field/inputs.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card, PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { ChannelMark } from '../../notify/channel-mark.tsx'
import { channelNamed, channels } from '../../notify/channels.ts'
import { suppressionReasons } from './suppression-words.ts'
import { useSuppressions } from './use-suppressions.ts'

const AddSuppressionDialog = lazy(() =>
  import('./add-suppression-dialog.tsx').then((module) => ({ default: module.AddSuppressionDialog })),
)
const RemoveSuppressionDialog = lazy(() =>
  import('./remove-suppression-dialog.tsx').then((module) => ({ default: module.RemoveSuppressionDialog })),
)

/** The addresses that nothing is sent to, with why, and the way to add and remove one. */
export function Component() {
  const [search, setSearch] = useSearchParams()
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<Suppression>()
  const reasonSlug = search.get('reason') ?? ''
  const channelSlug = search.get('channel') ?? ''
  const address = search.get('address') ?? ''
  const found = useSuppressions({ ...readFilter(channelSlug, reasonSlug), address })
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.suppressions), [found.data])
  const columns = useMemo(() => columnsWith(setRemoving), [])
  const isFiltered = reasonSlug !== '' || channelSlug !== '' || address !== ''
  const show = (change: Record<string, string>): void =>
    setSearch(
      Object.entries({ channel: channelSlug, reason: reasonSlug, address, ...change }).filter(
        ([, value]) => value !== '',
      ),
    )
  const add = (
    <Button kind="primary" onClick={() => setAdding(true)}>
      <Plus aria-hidden />
      Suppress an address
    </Button>
  )
  return (
    <ScrollPage>
      <PageHeader title="Suppressions">{add}</PageHeader>
      <div className="flex flex-wrap items-center gap-2">
        <AddressSearch key={address} value={address} onApply={(next) => show({ address: next })} />
        <Select
          aria-label="Channel"
          value={channelSlug}
          onChange={(event) => show({ channel: event.target.value })}
          className="max-w-40"
        >
          <option value="">Every channel</option>
          {[...channels].map(([channel, { slug, word }]) => (
            <option key={channel} value={slug}>
              {word}
            </option>
          ))}
        </Select>
        <Select
          aria-label="Reason"
          value={reasonSlug}
          onChange={(event) => show({ reason: event.target.value })}
          className="max-w-40"
        >
          <option value="">Every reason</option>
          {[...suppressionReasons].map(([reason, { slug, word }]) => (
            <option key={reason} value={slug}>
              {word}
            </option>
          ))}
        </Select>
        {isFiltered && (
          <Button kind="ghost" onClick={() => setSearch({})}>
            Clear
          </Button>
        )}
      </div>
      {found.isError && !rows ? (
        <FailureState error={found.error} onRetry={() => void found.refetch()} />
      ) : rows?.length === 0 ? (
        isFiltered ? (
          <EmptyState
            title="No suppression matches"
            actions={<Button onClick={() => setSearch({})}>Show all</Button>}
          >
            Addresses are looked up whole. What is not listed here is sent to.
          </EmptyState>
        ) : (
          <EmptyState title="Nothing is suppressed" actions={add}>
            An address that bounces, complains or unsubscribes comes here by itself once a provider reports
            it, and nothing is sent to it any more.
          </EmptyState>
        )
      ) : (
        <Card>
          <ListTable
            label="Suppressions"
            columns={columns}
            rows={rows}
            rowId={(row) => row.suppressionId}
            compact={(row) => ({
              first: row.address,
              aside: <ReasonMark reason={row.reason} />,
              second: (
                <span className="flex flex-wrap items-center gap-x-3">
                  <ChannelMark channel={channelNamed(row.channel)} />
                  <span className="min-w-0">{row.detail}</span>
                  <RelativeTime time={row.createTime} />
                </span>
              ),
              actions: <RemoveButton suppression={row} onRemove={setRemoving} />,
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
          Show older ones
        </Button>
      )}
      <Suspense>
        {adding && <AddSuppressionDialog onClose={() => setAdding(false)} />}
        {removing && (
          <RemoveSuppressionDialog suppression={removing} onClose={() => setRemoving(undefined)} />
        )}
      </Suspense>
    </ScrollPage>
  )
}

function readFilter(channelSlug: string, reasonSlug: string) {
  const channel = [...channels].find(([, { slug }]) => slug === channelSlug)?.[0]
  const reason = [...suppressionReasons].find(([, { slug }]) => slug === reasonSlug)?.[0]
  return {
    channel: channel === undefined ? '' : `CHANNEL_${Channel[channel]}`,
    reason: reason ?? SuppressionReason.UNSPECIFIED,
  }
}

function AddressSearch({ value, onApply }: { value: string; onApply: (value: string) => void }) {
  const [text, setText] = useState(value)
  function submit(event: FormEvent): void {
    event.preventDefault()
    onApply(text.trim())
  }
  return (
    <form onSubmit={submit} className="w-full max-w-80">
      <TextInput
        type="search"
        aria-label="Look up an address"
        placeholder="Look up an address"
        value={text}
        onChange={(event) => setText(event.target.value)}
        autoComplete="off"
        spellCheck={false}
      />
    </form>
  )
}

function ReasonMark({ reason }: { reason: SuppressionReason }) {
  const { word, tone } = suppressionReasons.get(reason) ?? { word: 'Other', tone: 'quiet' as const }
  return <StateMark tone={tone}>{word}</StateMark>
}

function RemoveButton({
  suppression,
  onRemove,
}: {
  suppression: Suppression
  onRemove: (suppression: Suppression) => void
}) {
  return (
    <Button size="sm" onClick={() => onRemove(suppression)} aria-label={`Remove ${suppression.address}`}>
      Remove
    </Button>
  )
}

const columnsWith = (onRemove: (suppression: Suppression) => void): ListColumn<Suppression>[] => [
  { title: 'Address', width: '26%', cell: (row) => <span title={row.address}>{row.address}</span> },
  { title: 'Channel', width: '118px', cell: (row) => <ChannelMark channel={channelNamed(row.channel)} /> },
  { title: 'Reason', width: '132px', cell: (row) => <ReasonMark reason={row.reason} /> },
  {
    title: 'Told',
    cell: (row) => (
      <span className="text-ink-2" title={row.detail}>
        {row.messageId ? (
          <Link to={`/messages/${row.messageId}`} className="text-accent underline-offset-2 hover:underline">
            {row.detail || 'by a report'}
          </Link>
        ) : (
          row.detail
        )}
      </span>
    ),
  },
  { title: 'Since', width: '100px', cell: (row) => <RelativeTime time={row.createTime} /> },
  {
    title: 'Until',
    width: '100px',
    cell: (row) => (row.expireTime ? <RelativeTime time={row.expireTime} /> : 'For good'),
  },
  {
    title: 'Remove',
    width: '108px',
    untitled: true,
    align: 'right',
    cell: (row) => <RemoveButton suppression={row} onRemove={onRemove} />,
  },
]
