import type { Mail } from '@mainstay/proto/notify/v1'
import { Send, Trash2 } from 'lucide-react'
import { type FormEvent, lazy, Suspense, useCallback, useMemo, useState } from 'react'
import { Outlet, useNavigate, useParams, useSearchParams } from 'react-router'
import { Button } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import { useHotkeys } from '../../components/hotkeys/use-hotkeys.ts'
import { PageHeader } from '../../components/page/page.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { useFrameActions } from '../../frame/frame-actions.ts'
import { FirstMessage } from '../../sending/first-message.tsx'
import { mode } from '../../session/mode.ts'
import { MailList } from './mail-list.tsx'
import { useMails } from './use-mails.ts'

const ClearMailboxDialog = lazy(() =>
  import('./clear-mailbox-dialog.tsx').then((module) => ({ default: module.ClearMailboxDialog })),
)

/** What the sandbox mailbox received: a list on the left, the mail on the right. */
export function Component() {
  const navigate = useNavigate()
  const { mailId } = useParams()
  const [search, setSearch] = useSearchParams()
  const [clearing, setClearing] = useState(false)
  const { openSendTest } = useFrameActions()
  const to = search.get('to') ?? ''
  const mails = useMails(to)
  const all = useMemo(() => mails.data?.pages.flatMap((page) => page.mails), [mails.data])
  const query = search.size > 0 ? `?${search}` : ''
  const hrefOf = useCallback((mail: Mail) => `/mailbox/${mail.mailId}${query}`, [query])
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = mails
  const onEndReached = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  useHotkeys(mailId ? { escape: () => void navigate(`/mailbox${query}`) } : {})

  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex flex-col gap-3 border-b border-line px-4 pt-5 pb-3 md:px-6">
        <PageHeader title="Mailbox">
          {all && all.length > 0 && (
            <Button onClick={() => setClearing(true)}>
              <Trash2 aria-hidden />
              Empty mailbox
            </Button>
          )}
          <Button kind="primary" onClick={() => openSendTest()}>
            <Send aria-hidden />
            Send a test
          </Button>
        </PageHeader>
        <OnlyTestMail />
        <AddressFilter key={to} value={to} onApply={(next) => setSearch(next ? { to: next } : {})} />
      </div>
      <div className="flex min-h-0 flex-1">
        {mails.isError && !all ? (
          <FailureState error={mails.error} onRetry={() => void mails.refetch()} />
        ) : !all ? (
          <MailSkeletons />
        ) : all.length === 0 && !mailId ? (
          <div className="h-full w-full overflow-y-auto">
            <NoMail to={to} onClear={() => setSearch({})} />
          </div>
        ) : (
          <>
            <div className="min-w-0 border-line max-lg:flex-1 lg:w-[380px] lg:shrink-0 lg:border-r">
              <MailList mails={all} openId={mailId} hrefOf={hrefOf} onEndReached={onEndReached} />
            </div>
            <div className="min-w-0 flex-1 max-lg:contents">
              {mailId ? (
                <Outlet />
              ) : (
                <p className="p-6 text-sm text-ink-3 max-lg:hidden">Choose a mail to read it.</p>
              )}
            </div>
          </>
        )}
      </div>
      <Suspense>{clearing && <ClearMailboxDialog onClose={() => setClearing(false)} />}</Suspense>
    </div>
  )
}

/** Said in live mode, where somebody may look here for a message that went to a person. */
function OnlyTestMail() {
  if (mode.use() === 'test') return null
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-md border border-line bg-sunken px-3 py-2 text-sm text-ink-2">
      The mailbox holds test mail only. Live messages reach people and do not show here.
      <Button size="sm" onClick={() => mode.set('test')}>
        Switch to test
      </Button>
    </p>
  )
}

function AddressFilter({ value, onApply }: { value: string; onApply: (value: string) => void }) {
  const [text, setText] = useState(value)
  function submit(event: FormEvent): void {
    event.preventDefault()
    onApply(text.trim())
  }
  return (
    <form onSubmit={submit} className="flex gap-2">
      <TextInput
        type="search"
        aria-label="Only mail to this address"
        placeholder="Only mail to this address"
        value={text}
        onChange={(event) => setText(event.target.value)}
        autoComplete="off"
        spellCheck={false}
        className="max-w-80"
      />
      {value && <Button onClick={() => onApply('')}>Show all</Button>}
    </form>
  )
}

function NoMail({ to, onClear }: { to: string; onClear: () => void }) {
  if (to) {
    return (
      <EmptyState title={`No mail to ${to}`} actions={<Button onClick={onClear}>Show all mail</Button>}>
        Mail to this address will appear here as it comes in.
      </EmptyState>
    )
  }
  return <FirstMessage title="The mailbox is empty" />
}

function MailSkeletons() {
  return (
    <div className="w-full lg:w-[380px] lg:border-r lg:border-line">
      <Loading what="mails" />
      {[0, 1, 2, 3, 4, 5, 6].map((row) => (
        <div key={row} className="flex h-[76px] flex-col justify-center gap-2.5 border-b border-line px-4">
          <Skeleton className="w-2/3" />
          <Skeleton className="w-1/2" />
          <Skeleton className="w-5/6" />
        </div>
      ))}
    </div>
  )
}
