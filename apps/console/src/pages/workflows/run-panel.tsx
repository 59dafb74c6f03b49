import {
  type WorkflowRun,
  type WorkflowRunEntry,
  WorkflowRunState,
  Workflows,
} from '@mainstay/proto/notify/v1/workflows'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Ban, CircleAlert } from 'lucide-react'
import { useMemo } from 'react'
import { Link, useNavigate, useParams, useSearchParams } from 'react-router'
import { serviceOf } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { Copyable } from '../../components/copy/copy-button.tsx'
import { Facts } from '../../components/facts/facts.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { JsonView } from '../../components/json-view/json-view.tsx'
import { useTitle } from '../../components/page/page.tsx'
import { SidePanel } from '../../components/side-panel/side-panel.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { Timeline } from '../../components/timeline/timeline.tsx'
import { formatAbsolute, toMs } from '../../format/time.ts'
import { expectedOf, runEvents } from './run-events.tsx'
import { RunStateMark } from './run-state-mark.tsx'
import { isOver } from './run-states.ts'
import { useRunTimeline } from './use-workflows.ts'

/** One run beside the list: how it stands, what happened in it, and the messages that it made. */
export function Component() {
  const { runId = '' } = useParams()
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const timeline = useRunTimeline(runId)
  const run = timeline.data?.run
  const entries = timeline.data?.entries
  useTitle(run ? `${run.workflow} for ${run.recipientId || run.address}` : 'Workflow run')
  return (
    <SidePanel
      of={runId}
      title="Workflow run"
      header={run ? run.workflow : 'Workflow run'}
      onClose={() => void navigate({ pathname: '/runs', search: search.toString() })}
      actions={run && !isOver(run.state) && <CancelButton runId={runId} />}
    >
      {timeline.isError ? (
        <FailureState error={timeline.error} onRetry={() => void timeline.refetch()} />
      ) : run === undefined || entries === undefined ? (
        <div className="flex flex-col gap-4 p-5">
          <Loading what="run" />
          <Skeleton className="h-5 w-24" />
          <Skeleton className="h-40 w-full" />
        </div>
      ) : (
        <Story run={run} entries={entries} />
      )}
    </SidePanel>
  )
}

function Story({ run, entries }: { run: WorkflowRun; entries: readonly WorkflowRunEntry[] }) {
  const events = useMemo(() => runEvents(entries), [entries])
  return (
    <div className="flex flex-col gap-6 px-4 pt-4 pb-10 lg:px-5">
      <div className="flex flex-wrap items-center gap-2">
        <RunStateMark state={run.state} badge />
        <span className="min-w-0 truncate text-sm text-ink-2">for {run.recipientId || run.address}</span>
      </div>
      {run.statusDetail !== '' && (
        <div className="flex gap-2 rounded-md bg-sunken px-3 py-2 text-sm">
          <CircleAlert className="mt-0.5 size-4 shrink-0 text-ink-3" aria-hidden />
          <p className="min-w-0 [overflow-wrap:anywhere]">{run.statusDetail}</p>
        </div>
      )}
      {run.state === WorkflowRunState.DIGESTED && (
        <p className="text-sm text-ink-2">
          It goes on with its digest.{' '}
          <Link to={`/runs/${run.digestRunId}`} className="text-accent underline underline-offset-2">
            To the digest’s run
          </Link>
          , which begins when the digest closes.
        </p>
      )}
      <section aria-label="Timeline">
        <Timeline label="Timeline" events={events} expected={expectedOf(run)} />
      </section>
      <section aria-label="Details" className="border-t border-line pt-5">
        <h3 className="mb-3 text-sm font-semibold">Details</h3>
        <Facts
          rows={[
            ['Run', <Copyable key="id" text={run.runId} what="run id" />],
            [
              'Workflow',
              <Link
                key="workflow"
                to={`/workflows/${run.workflow}?version=${run.version}`}
                className="text-accent underline-offset-2 hover:underline"
              >
                {run.workflow}, version {run.version}
              </Link>,
            ],
            ['Recipient', run.recipientId && <Copyable text={run.recipientId} what="recipient id" />],
            ['Address', run.address && <Copyable text={run.address} what="address" />],
            ['Dedupe key', run.dedupeKey && <Copyable text={run.dedupeKey} what="dedupe key" />],
            ['Mode', run.live ? 'Live' : 'Test'],
            ['Gathers', run.itemCount > 0 && `${run.itemCount} runs`],
            ['Started', timeOf(run.createTime)],
            ['Ended', timeOf(run.endTime)],
          ]}
        />
        {run.data !== undefined && Object.keys(run.data).length > 0 && (
          <div className="mt-4">
            <h4 className="mb-1.5 text-sm text-ink-3">Data</h4>
            <JsonView value={run.data} label="Data" />
          </div>
        )}
      </section>
    </div>
  )
}

function timeOf(time: WorkflowRun['createTime']): string | undefined {
  const ms = toMs(time)
  return ms === undefined ? undefined : formatAbsolute(ms)
}

function CancelButton({ runId }: { runId: string }) {
  const queries = useQueryClient()
  const cancel = useMutation({
    mutationFn: () => serviceOf(Workflows).cancelWorkflowRun({ runId }),
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: ['workflow-run', runId] })
      await queries.invalidateQueries({ queryKey: ['workflow-runs'] })
    },
  })
  return (
    <>
      {cancel.error && <FailureNote error={cancel.error} />}
      <Button size="sm" busy={cancel.isPending} onClick={() => cancel.mutate()}>
        <Ban aria-hidden />
        Cancel run
      </Button>
    </>
  )
}
