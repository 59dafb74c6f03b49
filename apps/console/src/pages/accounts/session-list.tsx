import { type Account, type AccountSession, Accounts } from '@mainstay/proto/identity/v1/accounts'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Monitor, Smartphone, X } from 'lucide-react'
import { serviceOf } from '../../api/mainstay.ts'
import { Button, IconButton } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Section } from '../../components/page/page.tsx'
import { Skeleton } from '../../components/skeleton/skeleton.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { useClock } from '../../format/clock.ts'
import { deviceOf, endWord, isOpen, methodWords } from './session-words.ts'
import { refreshAccount, useAccountSessions } from './use-accounts.ts'

/** Where an account is signed in and was, newest first; an open one can be ended. */
export function SessionList({ account, onEndAll }: { account: Account; onEndAll: () => void }) {
  const { accountId } = account
  const queries = useQueryClient()
  const found = useAccountSessions(accountId)
  const sessions = found.data?.pages.flatMap((page) => page.sessions)
  // Sessions end by themselves: a minute late is no harm.
  const nowMs = useClock((ms) => Math.floor(ms / 60_000) * 60_000)
  const end = useMutation({
    mutationFn: (sessionId: string) => serviceOf(Accounts).endAccountSessions({ accountId, sessionId }),
    async onSuccess() {
      await refreshAccount(queries, accountId)
      toast.success('The session is ended.')
    },
  })
  const hasOpen = sessions?.some((session) => isOpen(session, nowMs)) ?? false
  return (
    <Section
      title="Sessions"
      aside={
        hasOpen && (
          <Button size="sm" kind="ghost" onClick={onEndAll}>
            End all
          </Button>
        )
      }
    >
      {end.error && <FailureNote error={end.error} className="mb-3" />}
      {found.isError && !sessions ? (
        <FailureNote error={found.error} />
      ) : !sessions ? (
        <Skeleton className="w-2/3" />
      ) : sessions.length === 0 ? (
        <p className="text-sm text-ink-2">Never signed in.</p>
      ) : (
        <ul aria-label="Sessions" className="overflow-hidden rounded-lg border border-line">
          {sessions.map((session) => (
            <SessionItem
              key={session.sessionId}
              session={session}
              open={isOpen(session, nowMs)}
              busy={end.isPending && end.variables === session.sessionId}
              onEnd={() => end.mutate(session.sessionId)}
            />
          ))}
        </ul>
      )}
      {found.hasNextPage && (
        <Button
          size="sm"
          className="mt-2"
          busy={found.isFetchingNextPage}
          onClick={() => void found.fetchNextPage()}
        >
          Show older sessions
        </Button>
      )}
    </Section>
  )
}

function SessionItem({
  session,
  open,
  busy,
  onEnd,
}: {
  session: AccountSession
  open: boolean
  busy: boolean
  onEnd: () => void
}) {
  const device = deviceOf(session)
  const Icon = device.isPhone ? Smartphone : Monitor
  return (
    <li className="flex items-start gap-3 border-line px-3 py-2 not-first:border-t">
      <Icon className="mt-0.5 size-4 shrink-0 text-ink-3" aria-hidden />
      <div className="min-w-0 flex-1 text-sm">
        <p className="flex flex-wrap items-center gap-x-3">
          <span className="min-w-0 truncate" title={session.userAgent}>
            {device.name}
          </span>
          <span className="text-xs">
            {open ? (
              <StateMark tone="ok">Open</StateMark>
            ) : (
              <StateMark tone="quiet">{endWord(session)}</StateMark>
            )}
          </span>
        </p>
        {session.impersonator !== '' && (
          <p className="text-xs text-warn">
            An operator acts as them{session.readOnly ? ', and only reads' : ''}:{' '}
            {session.impersonationReason}
          </p>
        )}
        <p className="truncate text-xs text-ink-2">
          by {methodWords(session.methods)}
          {session.clientAddress !== '' && (
            <>
              {' '}
              from <span className="tabular">{session.clientAddress}</span>
            </>
          )}
        </p>
        <p className="text-xs text-ink-3">
          {session.endTime ? (
            <>
              Ended <RelativeTime time={session.endTime} />
            </>
          ) : (
            <>
              Used <RelativeTime time={session.lastUseTime} />
            </>
          )}
          {' · '}began <RelativeTime time={session.createTime} />
        </p>
      </div>
      {open && (
        <IconButton label={`End session on ${device.name}`} onClick={onEnd} disabled={busy}>
          <X />
        </IconButton>
      )}
    </li>
  )
}
