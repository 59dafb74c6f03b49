import { type Schedule, ScheduleState, Schedules } from '@mainstay/proto/notify/v1/schedules'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { describeFailure } from '../../api/failure.ts'
import { serviceOf, useScope } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card, PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { audienceWords, stateWords, timingWords } from './schedule-words.ts'

const CreateScheduleDialog = lazy(() =>
  import('./create-schedule-dialog.tsx').then((module) => ({ default: module.CreateScheduleDialog })),
)

const DeleteScheduleDialog = lazy(() =>
  import('./delete-schedule-dialog.tsx').then((module) => ({ default: module.DeleteScheduleDialog })),
)

/** What is sent at a time, or again and again: when next, to whom, and how it went. */
export function Component() {
  const [creating, setCreating] = useState(false)
  const scope = useScope()
  const found = useInfiniteQuery({
    queryKey: ['schedules', ...scope],
    queryFn: ({ pageParam, signal }) =>
      serviceOf(Schedules).listSchedules({ pageToken: pageParam, pageSize: 100 }, { signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextPageToken || undefined,
    refetchInterval: 15_000,
  })
  const rows = found.data?.pages.flatMap((page) => page.schedules)
  const add = (
    <Button kind="primary" onClick={() => setCreating(true)}>
      <Plus aria-hidden />
      Create a schedule
    </Button>
  )
  return (
    <ScrollPage>
      <PageHeader title="Schedules">{add}</PageHeader>
      {found.isError && !rows ? (
        <FailureState error={found.error} onRetry={() => void found.refetch()} />
      ) : rows?.length === 0 ? (
        <EmptyState title="Nothing is scheduled" actions={add}>
          A schedule sends at a time of the clock, once or again and again: in one time zone, or when it is
          that time where each recipient lives.
        </EmptyState>
      ) : (
        <Card>
          <ListTable
            label="Schedules"
            columns={columns}
            rows={rows}
            rowId={(row) => row.scheduleId}
            compact={(row) => ({
              first: row.displayName,
              aside: <State schedule={row} />,
              second: (
                <span className="flex flex-wrap items-center gap-x-3">
                  <span className="min-w-0">{timingWords(row.timing)}</span>
                  <Next schedule={row} />
                </span>
              ),
              actions: <Actions schedule={row} />,
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
      <Suspense>{creating && <CreateScheduleDialog onClose={() => setCreating(false)} />}</Suspense>
    </ScrollPage>
  )
}

function State({ schedule }: { schedule: Schedule }) {
  const { word, tone } = stateWords.get(schedule.state) ?? { word: 'Other', tone: 'quiet' as const }
  return <StateMark tone={tone}>{word}</StateMark>
}

function Next({ schedule }: { schedule: Schedule }) {
  if (schedule.nextTime === undefined) return <span className="text-ink-3">Not planned</span>
  return <RelativeTime time={schedule.nextTime} />
}

/** Pausing and deleting; what has ended can only be deleted. */
function Actions({ schedule }: { schedule: Schedule }) {
  const queries = useQueryClient()
  const { scheduleId, displayName, state } = schedule
  const isPaused = state === ScheduleState.PAUSED
  const change = useMutation({
    mutationFn: () =>
      serviceOf(Schedules).updateSchedule({
        schedule: { scheduleId, state: isPaused ? ScheduleState.ACTIVE : ScheduleState.PAUSED },
        updateMask: { paths: ['state'] },
      }),
    onError: (error) => void toast.error(describeFailure(error).message),
    onSettled: () => queries.invalidateQueries({ queryKey: ['schedules'] }),
  })
  const [deleting, setDeleting] = useState(false)
  return (
    <span className="inline-flex gap-2">
      {state !== ScheduleState.ENDED && (
        <Button
          size="sm"
          busy={change.isPending}
          onClick={() => change.mutate()}
          aria-label={`${isPaused ? 'Go on with' : 'Pause'} ${displayName}`}
        >
          {isPaused ? 'Go on' : 'Pause'}
        </Button>
      )}
      <Button size="sm" onClick={() => setDeleting(true)} aria-label={`Delete ${displayName}`}>
        Delete
      </Button>
      <Suspense>
        {deleting && <DeleteScheduleDialog schedule={schedule} onClose={() => setDeleting(false)} />}
      </Suspense>
    </span>
  )
}

const columns: ListColumn<Schedule>[] = [
  { title: 'Name', width: '20%', cell: (row) => <span title={row.displayName}>{row.displayName}</span> },
  { title: 'State', width: '100px', cell: (row) => <State schedule={row} /> },
  { title: 'When', cell: (row) => <span title={timingWords(row.timing)}>{timingWords(row.timing)}</span> },
  { title: 'To', width: '16%', cell: (row) => <span title={audienceWords(row)}>{audienceWords(row)}</span> },
  { title: 'Next', width: '110px', cell: (row) => <Next schedule={row} /> },
  {
    title: 'Sent',
    width: '130px',
    cell: (row) => (
      <span title={row.lastError}>
        {String(row.madeCount)}
        {row.failedCount > 0n && <span className="text-danger"> · {String(row.failedCount)} failed</span>}
      </span>
    ),
  },
  { title: '', width: '170px', cell: (row) => <Actions schedule={row} /> },
]
