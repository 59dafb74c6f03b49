import { ArrowLeft, ListTree } from 'lucide-react'
import { Link, useParams, useSearchParams } from 'react-router'
import { ButtonLink } from '../../components/button/button.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { Card, PageHeader, ScrollPage, Section } from '../../components/page/page.tsx'
import { Segmented } from '../../components/segmented/segmented.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { Snippet } from '../../components/snippet/snippet.tsx'
import { BLANK, startSnippets } from './example.ts'
import { FlowView } from './flow-view.tsx'
import { useWorkflow } from './use-workflows.ts'
import { WorkflowEditor } from './workflow-editor.tsx'
import { WorkflowVersions } from './workflow-versions.tsx'

/** One workflow: how it reads, its source, its versions; or the form for a new one. */
export function Component() {
  const { name } = useParams()
  const [search] = useSearchParams()
  return (
    <ScrollPage>
      <Link
        to="/workflows"
        className="-mb-3 inline-flex items-center gap-1 self-start text-xs text-ink-2 hover:text-ink"
      >
        <ArrowLeft className="size-3.5" aria-hidden />
        Workflows
      </Link>
      {name === undefined ? (
        <>
          <PageHeader title="Create workflow" />
          <WorkflowEditor yaml={BLANK} />
        </>
      ) : (
        <Stored key={name} name={name} version={Number(search.get('version')) || 0} />
      )}
    </ScrollPage>
  )
}

type View = 'flow' | 'yaml'

function Stored({ name, version }: { name: string; version: number }) {
  const [search, setSearch] = useSearchParams()
  const newest = useWorkflow(name, 0)
  const wanted = useWorkflow(name, version)
  const shown = wanted.data
  const view: View = search.get('view') === 'yaml' ? 'yaml' : 'flow'
  const isOlder = newest.data !== undefined && shown !== undefined && shown.version !== newest.data.version
  return (
    <>
      <PageHeader title={name}>
        {shown && <span className="tabular text-sm text-ink-2">Version {shown.version}</span>}
        <Segmented
          label="View"
          value={view}
          onChange={(next) =>
            setSearch(
              { ...Object.fromEntries(search), view: next },
              { replace: true, preventScrollReset: true },
            )
          }
          choices={[
            { value: 'flow', label: 'Flow' },
            { value: 'yaml', label: 'YAML' },
          ]}
        />
        <ButtonLink to={`/runs?workflow=${name}`}>
          <ListTree aria-hidden />
          Runs
        </ButtonLink>
      </PageHeader>
      {isOlder && (
        <p className="text-sm text-ink-2">
          This is version {shown.version}, as it was published. Runs that began with it finish on it.{' '}
          <Link to={`/workflows/${name}`} className="text-accent underline underline-offset-2">
            Back to the newest
          </Link>
        </p>
      )}
      {wanted.isError ? (
        <FailureState error={wanted.error} onRetry={() => void wanted.refetch()} />
      ) : shown === undefined ? (
        <>
          <Loading what="workflow" />
          <Skeleton className="h-80 w-full" />
        </>
      ) : view === 'yaml' ? (
        <WorkflowEditor key={shown.version} yaml={shown.yaml} name={name} newest={newest.data?.version} />
      ) : (
        <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_minmax(0,380px)]">
          <div className="flex min-w-0 flex-col gap-2">
            {shown.description !== '' && <p className="text-sm text-ink-2">{shown.description}</p>}
            <Card>
              <FlowView definition={shown.definition} />
            </Card>
          </div>
          <div className="flex min-w-0 flex-col gap-5">
            <WorkflowVersions name={name} shown={shown.version} />
            <Section title="Start a run">
              <Snippet label="Start a run" tabs={startSnippets(window.location.origin, name)} />
            </Section>
          </div>
        </div>
      )}
    </>
  )
}
