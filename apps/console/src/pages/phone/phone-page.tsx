import { Send, Trash2 } from 'lucide-react'
import { lazy, Suspense, useMemo, useState } from 'react'
import { useSearchParams } from 'react-router'
import { Button } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import { PageHeader } from '../../components/page/page.tsx'
import { Segmented } from '../../components/segmented/segmented.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { useFrameActions } from '../../frame/frame-actions.ts'
import { phoneViewOf, phoneViews } from '../../notify/phone-views.ts'
import { FirstMessage } from '../../sending/first-message.tsx'
import { mode } from '../../session/mode.ts'
import { SandboxScreen } from './sandbox-screen.tsx'
import { useSandboxItems } from './use-sandbox-items.ts'

const ClearPhoneDialog = lazy(() =>
  import('./clear-phone-dialog.tsx').then((module) => ({ default: module.ClearPhoneDialog })),
)

/** A phone that shows what was sent in development over every channel but mail. New items appear by themselves. */
export function Component() {
  const [search, setSearch] = useSearchParams()
  const [clearing, setClearing] = useState(false)
  const { openSendTest } = useFrameActions()
  const view = phoneViewOf(search.get('view'))
  const text = search.get('text') ?? ''
  const messageId = search.get('message') ?? ''
  const found = useSandboxItems(view, { text, messageId })
  const items = useMemo(() => found.data?.pages.flatMap((page) => page.items), [found.data])
  const isFiltered = text !== '' || messageId !== ''

  function show(change: Record<string, string>): void {
    const next = Object.entries({ view: view.slug, text, ...change }).filter(([, value]) => value !== '')
    setSearch(new URLSearchParams(next), { replace: 'text' in change })
  }

  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex flex-col gap-3 border-b border-line px-4 pt-5 pb-3 md:px-6">
        <PageHeader title="Sandbox phone">
          {items && items.length > 0 && (
            <Button onClick={() => setClearing(true)}>
              <Trash2 aria-hidden />
              <span className="max-sm:sr-only">Empty phone</span>
            </Button>
          )}
          <Button kind="primary" onClick={() => openSendTest(view.testChannel)}>
            <Send aria-hidden />
            Send a test
          </Button>
        </PageHeader>
        {mode.use() === 'live' && <OnlyTestMessages />}
        <div className="flex flex-wrap items-center gap-2">
          <Segmented
            label="Show"
            value={view.slug}
            onChange={(slug) => show({ view: slug })}
            choices={phoneViews.map(({ slug, title }) => ({ value: slug, label: title }))}
          />
          <TextInput
            type="search"
            aria-label="Search the phone"
            placeholder="Search text, sender or address"
            value={text}
            onChange={(event) => show({ text: event.target.value })}
            autoComplete="off"
            spellCheck={false}
            className="max-w-72"
          />
          {messageId && <Button onClick={() => show({ text: '' })}>Show all</Button>}
        </div>
      </div>
      <div className="flex min-h-0 flex-1">
        {found.isError && !items ? (
          <FailureState error={found.error} onRetry={() => void found.refetch()} />
        ) : !items ? (
          <PhoneSkeleton />
        ) : items.length > 0 ? (
          <SandboxScreen
            key={`${view.slug} ${messageId}`}
            view={view}
            items={items}
            hasMore={found.hasNextPage}
            onMore={() => void found.fetchNextPage()}
          />
        ) : (
          <div className="h-full w-full overflow-y-auto">
            {isFiltered ? (
              <EmptyState
                title="Nothing matches"
                actions={<Button onClick={() => show({ text: '' })}>Show all</Button>}
              >
                What matches will appear here as it comes in.
              </EmptyState>
            ) : (
              <FirstMessage key={view.slug} title={view.empty} channel={view.testChannel} />
            )}
          </div>
        )}
      </div>
      <Suspense>{clearing && <ClearPhoneDialog onClose={() => setClearing(false)} />}</Suspense>
    </div>
  )
}

/** Said in live mode, where somebody may look here for a message that went to a person. */
function OnlyTestMessages() {
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-md border border-line bg-sunken px-3 py-2 text-sm text-ink-2">
      The phone shows test messages only. Live messages reach people and do not show here.
      <Button size="sm" onClick={() => mode.set('test')}>
        Switch to test
      </Button>
    </p>
  )
}

function PhoneSkeleton() {
  return (
    <div className="flex w-full flex-col gap-3 p-6">
      <Loading what="sandbox phone" />
      {['w-64', 'w-52', 'w-60', 'w-44'].map((width) => (
        <Skeleton key={width} className={`h-10 ${width}`} />
      ))}
    </div>
  )
}
