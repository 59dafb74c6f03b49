import { Link } from 'react-router'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Card, Section } from '../../components/page/page.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { useVersions } from './templates.ts'

/** What was published, newest first: by whom, in which locales, with which layouts and partials. */
export function VersionsList({ name, newest }: { name: string; newest: number }) {
  const versions = useVersions(name, newest)
  if (newest === 0) return null
  return (
    <Section title="Versions">
      {versions.error && <FailureNote error={versions.error} />}
      <Card>
        <ul>
          {versions.data?.map(({ version, createTime, actor, locales, uses }) => (
            <li
              key={version}
              className="flex min-h-9 flex-wrap items-center gap-x-4 gap-y-0.5 border-b border-line px-4 py-1.5 text-sm last:border-b-0"
            >
              <Link
                to={`/templates/${name}?version=${version}`}
                className="tabular font-medium underline-offset-2 hover:underline"
              >
                Version {version}
              </Link>
              {version === newest && <span className="text-xs text-ok">Newest</span>}
              <span className="tabular text-xs text-ink-2">{locales.join(', ')}</span>
              {Object.keys(uses).length > 0 && (
                <span className="tabular min-w-0 truncate text-xs text-ink-3">
                  {Object.entries(uses)
                    .map(([use, used]) => `${use} ${used}`)
                    .join(', ')}
                </span>
              )}
              <span className="tabular ml-auto min-w-0 truncate text-xs text-ink-3">{actor}</span>
              <RelativeTime time={createTime} />
            </li>
          ))}
        </ul>
      </Card>
    </Section>
  )
}
