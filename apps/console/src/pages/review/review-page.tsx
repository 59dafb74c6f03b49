import type { Message } from '@mainstay/proto/notify/v1'
import { useState } from 'react'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogButtons } from '../../components/dialog/dialog.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { useHotkeys } from '../../components/hotkeys/use-hotkeys.ts'
import { Card, PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { type Decision, decisions } from '../../notify/decisions.ts'
import { useProviderAccounts } from '../../notify/provider-accounts.ts'
import { useUnknownMessages } from '../../notify/unknown-messages.ts'
import { ReviewRow } from './review-row.tsx'
import { useDecide } from './use-decide.ts'

/** The messages whose provider's answer was lost, the longest-waiting first. Somebody has to say what became of them. */
export function Component() {
  const unknown = useUnknownMessages({ refetchMs: 5_000 })
  const messages = unknown.data?.messages
  return (
    <ScrollPage>
      <PageHeader title="Review queue" />
      {unknown.isError && !messages ? (
        <FailureState error={unknown.error} onRetry={() => void unknown.refetch()} />
      ) : !messages ? (
        <QueueSkeleton />
      ) : messages.length === 0 ? (
        <EmptyState title="Nothing waits for a decision">
          When a provider’s answer is lost, nobody can know whether the message went out. Where it may be sent
          at most once, it waits here until somebody says what became of it; the provider’s own log usually
          tells.
        </EmptyState>
      ) : (
        <Queue messages={messages} hasMore={unknown.data?.hasMore ?? false} />
      )}
    </ScrollPage>
  )
}

function Queue({ messages, hasMore }: { messages: readonly Message[]; hasMore: boolean }) {
  const accounts = useProviderAccounts()
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [currentId, setCurrentId] = useState<string>()
  const [asking, setAsking] = useState<Decision>()
  const decide = useDecide()
  const chosen = messages.filter(({ messageId }) => selected.has(messageId))
  const at = Math.max(
    0,
    messages.findIndex(({ messageId }) => messageId === currentId),
  )
  const current = messages[at]

  function run(decision: Decision, about: readonly Message[]): void {
    if (about.length === 0 || decide.isPending) return
    // The next one takes the place of the one that leaves, so that a key a message works through the queue.
    const leaving = new Set(about.map(({ messageId }) => messageId))
    setCurrentId(messages.slice(at).find(({ messageId }) => !leaving.has(messageId))?.messageId)
    decide.mutate({ messages: about, resolution: decision.resolution })
    setSelected(new Set())
    setAsking(undefined)
  }
  function press(decision: Decision): void {
    if (chosen.length > 0) setAsking(decision)
    else if (current) run(decision, [current])
  }
  function step(by: number): void {
    const next = messages[Math.min(messages.length - 1, Math.max(0, at + by))]
    if (!next) return
    setCurrentId(next.messageId)
    document.querySelector<HTMLElement>(`[data-review-row="${next.messageId}"] [data-review-link]`)?.focus()
  }
  function toggle(messageId: string | undefined): void {
    if (messageId === undefined) return
    const next = new Set(selected)
    if (!next.delete(messageId)) next.add(messageId)
    setSelected(next)
  }
  useHotkeys({
    j: () => step(1),
    k: () => step(-1),
    x: () => toggle(current?.messageId),
    escape: () => setSelected(new Set()),
    ...Object.fromEntries(decisions.map((decision) => [decision.key, () => press(decision)])),
  })

  return (
    <>
      <div className="flex min-h-8 flex-wrap items-center gap-2 text-sm text-ink-2">
        <p className="mr-auto" role="status">
          {chosen.length > 0
            ? `${chosen.length} selected`
            : `${messages.length}${hasMore ? ' oldest' : ''} waiting. A decision cannot be undone.`}
        </p>
        {chosen.length > 0 ? (
          decisions.map((decision) => (
            <Button key={decision.key} onClick={() => setAsking(decision)} busy={decide.isPending}>
              {decision.verb}
            </Button>
          ))
        ) : (
          <span className="text-xs text-ink-3 max-md:hidden">j and k move, x selects, 1, 2 and 3 decide</span>
        )}
        <Button
          kind="ghost"
          onClick={() =>
            setSelected(
              chosen.length === messages.length
                ? new Set()
                : new Set(messages.map(({ messageId }) => messageId)),
            )
          }
        >
          {chosen.length === messages.length ? 'Select none' : 'Select all'}
        </Button>
      </div>
      <Card>
        <ol aria-label="Messages to decide">
          {messages.map((message) => (
            <ReviewRow
              key={message.messageId}
              message={message}
              provider={accounts.isPending ? undefined : nameOf(message, accounts.data)}
              isCurrent={message === current}
              isSelected={selected.has(message.messageId)}
              isBusy={decide.isPending}
              onFocus={() => setCurrentId(message.messageId)}
              onSelect={() => toggle(message.messageId)}
              onDecide={(decision) => run(decision, [message])}
            />
          ))}
        </ol>
      </Card>
      {asking && (
        <Dialog
          open
          onOpenChange={() => setAsking(undefined)}
          title={`${asking.verb}: ${chosen.length === 1 ? '1 message' : `${chosen.length} messages`}`}
          description={`For each of them: ${asking.consequence} This cannot be undone.`}
        >
          <DialogButtons>
            <Button onClick={() => setAsking(undefined)}>Leave them unknown</Button>
            <Button kind="primary" onClick={() => run(asking, chosen)}>
              {asking.verb}
            </Button>
          </DialogButtons>
        </Dialog>
      )}
    </>
  )
}

function nameOf(message: Message, accounts: ReturnType<typeof useProviderAccounts>['data']): string {
  const account = accounts?.find(({ providerAccountId }) => providerAccountId === message.providerAccountId)
  return account?.displayName ?? 'a provider account'
}

function QueueSkeleton() {
  return (
    <div className="flex flex-col gap-3">
      <Loading what="review queue" />
      {[0, 1, 2].map((row) => (
        <Skeleton key={row} className="h-16 w-full" />
      ))}
    </div>
  )
}
