import type { DeadLetter } from '@mainstay/proto/system/v1'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { RotateCcw } from 'lucide-react'
import { describeFailure } from '../../api/failure.ts'
import { mainstay } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card } from '../../components/page/page.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { toast } from '../../components/toast/toast.tsx'

const shown = 200

/** The events whose handler kept failing, with the way to give them to it again. */
export function Component() {
  const letters = useQuery({
    queryKey: ['dead-letters'],
    queryFn: ({ signal }) => mainstay().system.listDeadLetters({ pageSize: shown }, { signal }),
    refetchInterval: 10_000,
  })
  if (letters.isError && !letters.data) {
    return <FailureState error={letters.error} onRetry={() => void letters.refetch()} />
  }
  if (letters.data?.deadLetters.length === 0) {
    return (
      <EmptyState title="No dead letters">
        When a handler keeps failing on an event, the event is set aside here, and its handler goes on with
        the others.
      </EmptyState>
    )
  }
  return (
    <>
      <p className="text-sm text-ink-2">
        Find out why the handler fails, fix it, then replay. A replayed event runs again; handlers are made
        for that.
      </p>
      <Card>
        <ListTable
          label="Dead letters"
          columns={columns}
          rows={letters.data?.deadLetters}
          rowId={(letter) => letter.deadLetterId}
          compact={(letter) => ({
            first: letter.event,
            aside: <RelativeTime time={letter.createTime} />,
            second: (
              <p className="[overflow-wrap:anywhere]">
                {letter.consumerGroup}: {letter.error}
              </p>
            ),
            actions: <ReplayButton letter={letter} />,
          })}
        />
      </Card>
      {letters.data?.nextPageToken && <p className="text-xs text-ink-3">The newest {shown} are shown.</p>}
    </>
  )
}

const columns: ListColumn<DeadLetter>[] = [
  { title: 'Event', width: '22%', cell: (letter) => <span className="tabular text-xs">{letter.event}</span> },
  { title: 'Handler', width: '130px', cell: (letter) => letter.consumerGroup },
  {
    title: 'Last error',
    cell: (letter) => (
      <span className="tabular text-xs text-bad" title={letter.error}>
        {letter.error}
      </span>
    ),
  },
  {
    title: 'Tried',
    width: '72px',
    align: 'right',
    cell: (letter) => <span className="tabular">{letter.attemptCount}</span>,
  },
  { title: 'Set aside', width: '112px', cell: (letter) => <RelativeTime time={letter.createTime} /> },
  {
    title: 'Actions',
    untitled: true,
    width: '112px',
    align: 'right',
    cell: (letter) => <ReplayButton letter={letter} />,
  },
]

function ReplayButton({ letter }: { letter: DeadLetter }) {
  const queries = useQueryClient()
  const replay = useMutation({
    mutationFn: () => mainstay().system.replayDeadLetter({ deadLetterId: letter.deadLetterId }),
    onSuccess: () => void toast.success(`${letter.event} is with ${letter.consumerGroup} again.`),
    onError: (error) => void toast.error(describeFailure(error).message),
    onSettled: () => queries.invalidateQueries({ queryKey: ['dead-letters'] }),
  })
  return (
    <Button
      size="sm"
      busy={replay.isPending}
      onClick={() => replay.mutate()}
      aria-label={`Replay ${letter.event} for ${letter.consumerGroup}`}
    >
      <RotateCcw aria-hidden />
      Replay
    </Button>
  )
}
