import { useMemo } from 'react'
import { Button } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Section } from '../../components/page/page.tsx'
import { Skeleton } from '../../components/skeleton/skeleton.tsx'
import { Timeline } from '../../components/timeline/timeline.tsx'
import { historyEvents } from './history-events.tsx'
import { useAccountHistory } from './use-accounts.ts'

/** Everything that was done to an account and its sessions, oldest first, from as far back as was asked for. */
export function AccountHistory({ accountId }: { accountId: string }) {
  const found = useAccountHistory(accountId)
  const events = useMemo(
    () => found.data && historyEvents(found.data.pages.flatMap((page) => page.auditEntries)),
    [found.data],
  )
  return (
    <Section title="Timeline">
      {found.isError && !events ? (
        <FailureNote error={found.error} />
      ) : !events ? (
        <Skeleton className="w-1/2" />
      ) : events.length === 0 ? (
        <p className="text-sm text-ink-2">Nothing is written down of this account.</p>
      ) : (
        <>
          {found.hasNextPage && (
            <Button
              size="sm"
              className="mb-3"
              busy={found.isFetchingNextPage}
              onClick={() => void found.fetchNextPage()}
            >
              Show what came before
            </Button>
          )}
          <Timeline label="Timeline" events={events} />
        </>
      )}
    </Section>
  )
}
