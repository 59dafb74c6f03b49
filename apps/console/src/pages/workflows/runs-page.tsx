import { type WorkflowRun, WorkflowRunState } from '@mainstay/proto/notify/v1/workflows'
import { useMemo } from 'react'
import { Link, Outlet, useNavigate, useParams, useSearchParams } from 'react-router'
import { Button } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { Select } from '../../components/field/inputs.tsx'
import { useHotkeys } from '../../components/hotkeys/use-hotkeys.ts'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card, PageHeader } from '../../components/page/page.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { RunStateMark } from './run-state-mark.tsx'
import { runStates } from './run-states.ts'
import { useRuns, useWorkflows } from './use-workflows.ts'

/** The runs of all workflows, or of one, as they happen; a row opens its timeline beside the list. */
export function Component() {
  const [search, setSearch] = useSearchParams()
  const navigate = useNavigate()
  const { runId } = useParams()
  const workflow = search.get('workflow') ?? ''
  const slug = search.get('state') ?? ''
  const state = [...runStates].find(([, look]) => look.slug === slug)?.[0]
  const runs = useRuns({ workflow, states: state === undefined ? [] : [state] })
  const rows = useMemo(() => runs.data?.pages.flatMap((page) => page.runs), [runs.data])
  const query = search.toString() && `?${search}`
  useHotkeys({ escape: () => void navigate(`/runs${query}`) })
  const show = (change: Record<string, string>): void =>
    setSearch(Object.entries({ workflow, state: slug, ...change }).filter(([, value]) => value !== ''))
  return (
    <div className="flex h-full min-h-0">
      <div className="min-w-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex w-full max-w-[1440px] flex-col gap-5 px-4 py-5 md:px-6">
          <PageHeader title="Workflow runs">
            <WorkflowChoice value={workflow} onChange={(next) => show({ workflow: next })} />
            <Select
              aria-label="State"
              value={slug}
              onChange={(event) => show({ state: event.target.value })}
              className="max-w-36"
            >
              <option value="">Every state</option>
              {[...runStates.values()].map((look) => (
                <option key={look.slug} value={look.slug}>
                  {look.word}
                </option>
              ))}
            </Select>
          </PageHeader>
          {runs.isError && !rows ? (
            <FailureState error={runs.error} onRetry={() => void runs.refetch()} />
          ) : rows?.length === 0 ? (
            <EmptyState
              title={workflow || slug ? 'No run matches' : 'No runs yet'}
              actions={
                workflow || slug ? (
                  <Button onClick={() => setSearch({})}>Show all</Button>
                ) : (
                  <Link to="/workflows" className="text-sm text-accent underline underline-offset-2">
                    To the workflows
                  </Link>
                )
              }
            >
              Each start of a workflow is a run. It is shown here from its first step to its last, with the
              messages that it made.
            </EmptyState>
          ) : (
            <Card>
              <ListTable
                label="Workflow runs"
                columns={columns}
                rows={rows}
                rowId={(run) => run.runId}
                rowHref={(run) => `/runs/${run.runId}${query}`}
                openId={runId}
                compact={(run) => ({
                  first: whomOf(run),
                  aside: <RunStateMark state={run.state} />,
                  second: (
                    <span className="flex min-w-0 gap-3">
                      <span className="tabular min-w-0 truncate">{run.workflow}</span>
                      <span className="min-w-0 truncate">{whereOf(run)}</span>
                      <span className="ml-auto shrink-0">
                        <RelativeTime time={run.createTime} />
                      </span>
                    </span>
                  ),
                })}
              />
            </Card>
          )}
          {runs.hasNextPage && (
            <Button
              className="self-start"
              onClick={() => void runs.fetchNextPage()}
              busy={runs.isFetchingNextPage}
            >
              Show older ones
            </Button>
          )}
        </div>
      </div>
      <Outlet />
    </div>
  )
}

function WorkflowChoice({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const names = useWorkflows().data?.map(({ name }) => name) ?? []
  const all = value === '' || names.includes(value) ? names : [value, ...names]
  return (
    <Select
      aria-label="Workflow"
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className="max-w-52"
    >
      <option value="">Every workflow</option>
      {all.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </Select>
  )
}

const columns: ListColumn<WorkflowRun>[] = [
  {
    title: 'Recipient',
    width: '24%',
    cell: (run) => <span title={whomOf(run)}>{whomOf(run)}</span>,
  },
  { title: 'Workflow', width: '22%', cell: (run) => <span className="tabular text-xs">{run.workflow}</span> },
  { title: 'State', width: '124px', cell: ({ state }) => <RunStateMark state={state} /> },
  {
    title: 'Where it is',
    cell: (run) => (
      <span className="text-ink-2" title={run.statusDetail}>
        {whereOf(run)}
      </span>
    ),
  },
  {
    title: 'Version',
    width: '80px',
    align: 'right',
    cell: ({ version }) => <span className="tabular">{version}</span>,
  },
  {
    title: 'Started',
    width: '110px',
    align: 'right',
    cell: ({ createTime }) => <RelativeTime time={createTime} />,
  },
]

function whomOf({ recipientId, address }: WorkflowRun): string {
  return recipientId || address
}

function whereOf({ step, statusDetail, state, itemCount }: WorkflowRun): string {
  if (step !== '') return statusDetail || `At ${step}`
  if (state === WorkflowRunState.DIGESTED) return 'Goes on with its digest'
  return statusDetail || (itemCount > 0 ? `Digest of ${itemCount}` : '')
}
