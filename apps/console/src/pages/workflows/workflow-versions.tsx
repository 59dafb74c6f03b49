import { Link } from 'react-router'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Card, Section } from '../../components/page/page.tsx'
import { Loading } from '../../components/skeleton/skeleton.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { useWorkflowVersions } from './use-workflows.ts'

/** What was published, newest first, and by whom. */
export function WorkflowVersions({ name, shown }: { name: string; shown: number }) {
  const versions = useWorkflowVersions(name)
  const newest = versions.data?.[0]?.version
  return (
    <Section title="Versions">
      {versions.error && <FailureNote error={versions.error} />}
      {versions.isPending && <Loading what="versions" />}
      <Card>
        <ul>
          {versions.data?.map(({ version, createTime, actor, stepCount }) => (
            <li
              key={version}
              className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-0.5 border-b border-line px-4 py-1.5 text-sm last:border-b-0"
            >
              <Link
                to={version === newest ? `/workflows/${name}` : `/workflows/${name}?version=${version}`}
                aria-current={version === shown ? 'true' : undefined}
                className="tabular font-medium underline-offset-2 hover:underline aria-[current]:text-accent"
              >
                Version {version}
              </Link>
              {version === newest && <span className="text-xs text-ok">Newest</span>}
              <span className="tabular text-xs text-ink-3">
                {stepCount === 1 ? '1 step' : `${stepCount} steps`}
              </span>
              <span className="ml-auto" title={`Published by ${actor}`}>
                <RelativeTime time={createTime} />
              </span>
            </li>
          ))}
        </ul>
      </Card>
    </Section>
  )
}
