import { type Workflow, Workflows } from '@mainstay/proto/notify/v1/workflows'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ListTree, Plus, Sparkles } from 'lucide-react'
import { useNavigate } from 'react-router'
import { serviceOf } from '../../api/mainstay.ts'
import { Button, ButtonLink } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card, PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { Snippet } from '../../components/snippet/snippet.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { EXAMPLE, EXAMPLE_NAME, startSnippets } from './example.ts'
import { useWorkflows } from './use-workflows.ts'

/** The workflows of the project, with how many runs of each are under way. */
export function Component() {
  const workflows = useWorkflows()
  return (
    <ScrollPage>
      <PageHeader title="Workflows">
        <ButtonLink to="/runs">
          <ListTree aria-hidden />
          Runs
        </ButtonLink>
        <ButtonLink kind="primary" to="/workflows/new">
          <Plus aria-hidden />
          Create workflow
        </ButtonLink>
      </PageHeader>
      {workflows.isError && !workflows.data ? (
        <FailureState error={workflows.error} onRetry={() => void workflows.refetch()} />
      ) : workflows.data?.length === 0 ? (
        <FirstWorkflow />
      ) : (
        <Card>
          <ListTable
            label="Workflows"
            columns={columns}
            rows={workflows.data}
            rowId={({ name }) => name}
            rowHref={({ name }) => `/workflows/${name}`}
            compact={(workflow) => ({
              first: <span className="tabular">{workflow.name}</span>,
              aside: runningWord(workflow),
              second: (
                <span className="flex min-w-0 gap-3">
                  <span className="min-w-0 truncate">{workflow.description}</span>
                  <span className="ml-auto shrink-0">Version {workflow.version}</span>
                </span>
              ),
            })}
          />
        </Card>
      )}
    </ScrollPage>
  )
}

const columns: ListColumn<Workflow>[] = [
  { title: 'Name', width: '24%', cell: ({ name }) => <span className="tabular text-xs">{name}</span> },
  {
    title: 'What it is for',
    cell: ({ description }) => (
      <span className="text-ink-2" title={description}>
        {description}
      </span>
    ),
  },
  {
    title: 'Steps',
    width: '70px',
    align: 'right',
    cell: ({ stepCount }) => <span className="tabular">{stepCount}</span>,
  },
  {
    title: 'Version',
    width: '80px',
    align: 'right',
    cell: ({ version }) => <span className="tabular">{version}</span>,
  },
  { title: 'Under way', width: '120px', align: 'right', cell: runningWord },
  {
    title: 'Published',
    width: '110px',
    align: 'right',
    cell: ({ createTime }) => <RelativeTime time={createTime} />,
  },
]

function runningWord({ runningCount }: Workflow) {
  const count = Number(runningCount)
  return count === 0 ? 'None' : <span className="tabular text-info">{count.toLocaleString('en-GB')}</span>
}

/** Where there are none yet: what they are, one to begin with, and how a run of it is started. */
function FirstWorkflow() {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const create = useMutation({
    mutationFn: () => serviceOf(Workflows).publishWorkflow({ source: { case: 'yaml', value: EXAMPLE } }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['workflows'] })
      await navigate(`/workflows/${EXAMPLE_NAME}`)
    },
  })
  return (
    <div className="mx-auto flex w-full max-w-[680px] flex-col gap-4 px-4 py-10 md:py-14">
      <div>
        <h2 className="text-lg font-semibold">No workflows yet</h2>
        <p className="mt-1 text-base text-ink-2">
          A workflow tells somebody something in several steps: by the next channel when one was not seen,
          together with what else has come up, later, or not at all. Each start of it is a run.
        </p>
      </div>
      <Snippet label="Start a run" tabs={startSnippets(window.location.origin, EXAMPLE_NAME)} />
      {create.error && <FailureNote error={create.error} />}
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" busy={create.isPending} onClick={() => create.mutate()}>
          <Sparkles aria-hidden />
          Create example
        </Button>
        <ButtonLink to="/workflows/new">Write one</ButtonLink>
      </div>
    </div>
  )
}
