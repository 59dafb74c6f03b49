import type { HealthCheck, SystemInfo } from '@mainstay/proto/system/v1'
import { Facts } from '../../components/facts/facts.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { Card, Section } from '../../components/page/page.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { formatBytes } from '../../format/number.ts'
import { useSystem } from '../../system/system.ts'

/** Which version runs, since when, and whether everything it needs is up. */
export function Component() {
  const system = useSystem()
  if (system.isError && !system.data)
    return <FailureState error={system.error} onRetry={() => void system.refetch()} />
  return (
    <div className="grid items-start gap-5 lg:grid-cols-2">
      <Section title="This process">
        <Card className="p-4">{system.data ? <Process system={system.data} /> : <FactSkeletons />}</Card>
      </Section>
      <Section title="Health checks">
        <Card>
          {system.data ? (
            <ul>
              {system.data.checks.map((check) => (
                <CheckRow key={check.name} check={check} />
              ))}
            </ul>
          ) : (
            <div className="p-4">
              <FactSkeletons />
            </div>
          )}
        </Card>
      </Section>
    </div>
  )
}

function Process({ system }: { system: SystemInfo }) {
  return (
    <Facts
      rows={[
        [
          'Version',
          <span key="version" className="tabular">
            {system.version}
          </span>,
        ],
        ['Role', system.role],
        ['Started', <RelativeTime key="start" time={system.startTime} />],
        ['Memory', `${formatBytes(system.residentMemoryBytes)} resident`],
        [
          'Database',
          `PostgreSQL ${system.databaseVersion}${system.embeddedDatabase ? ', started by Mainstay' : ''}`,
        ],
        ['API', <DocsLink key="docs" />],
      ]}
    />
  )
}

function DocsLink() {
  return (
    <a
      href="/docs"
      target="_blank"
      rel="noreferrer"
      className="text-accent underline-offset-2 hover:underline"
    >
      Reference and try-out
    </a>
  )
}

/** Checks by the names that `/readyz` gives them. */
const checkWords: Record<string, string> = {
  database: 'Database',
  bus: 'Notifications between processes',
}

function CheckRow({ check }: { check: HealthCheck }) {
  return (
    <li className="flex items-start gap-3 border-line px-4 py-2 text-sm not-first:border-t">
      <span className="w-28 shrink-0">
        <StateMark tone={check.ok ? 'ok' : 'bad'}>{check.ok ? 'Up' : 'Down'}</StateMark>
      </span>
      <span className="min-w-0">
        <span className="block">{checkWords[check.name] ?? check.name}</span>
        {check.message && <span className="block text-ink-2 [overflow-wrap:anywhere]">{check.message}</span>}
      </span>
    </li>
  )
}

function FactSkeletons() {
  return (
    <div className="flex flex-col gap-3.5">
      <Loading what="system" />
      {['w-1/3', 'w-1/2', 'w-2/5', 'w-1/4'].map((width) => (
        <Skeleton key={width} className={width} />
      ))}
    </div>
  )
}
