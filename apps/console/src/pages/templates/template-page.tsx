import type { Template } from '@mainstay/proto/notify/v1'
import { ArrowLeft } from 'lucide-react'
import { Link, useParams, useSearchParams } from 'react-router'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { Select } from '../../components/field/inputs.tsx'
import { PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { TemplateEditor } from './template-editor.tsx'
import { useTemplate } from './templates.ts'

/** One template, at its newest version or an older one; or the form for a new template. */
export function Component() {
  const { name } = useParams()
  const [search, setSearch] = useSearchParams()
  const version = Number(search.get('version')) || 0
  const newest = useTemplate(name, 0)
  const shown = useTemplate(name, version)
  const template = shown.data
  return (
    <ScrollPage>
      <div className="flex flex-col gap-2">
        <Link
          to="/templates"
          className="inline-flex items-center gap-1 self-start text-xs text-ink-2 hover:text-ink"
        >
          <ArrowLeft className="size-3.5" aria-hidden />
          Templates
        </Link>
        <PageHeader title={name ?? 'Create template'}>
          {newest.data && newest.data.version > 0 && (
            <Select
              aria-label="Version"
              className="!w-44"
              value={version || newest.data.version}
              onChange={(event) => {
                const next = Number(event.target.value)
                setSearch(next === newest.data.version ? {} : { version: String(next) })
              }}
            >
              {versionsOf(newest.data).map((one) => (
                <option key={one} value={one}>
                  Version {one}
                  {one === newest.data.version ? ', newest' : ''}
                </option>
              ))}
            </Select>
          )}
        </PageHeader>
      </div>
      {shown.isError ? (
        <FailureState error={shown.error} onRetry={() => void shown.refetch()} />
      ) : name !== undefined && !template ? (
        <div className="grid gap-5 lg:grid-cols-2">
          <Loading what="template" />
          <Skeleton className="h-96 w-full" />
          <Skeleton className="h-96 w-full" />
        </div>
      ) : (
        <TemplateEditor key={`${name} ${template?.version}`} template={template} />
      )}
    </ScrollPage>
  )
}

/** Newest first, and no more than a select can hold. */
function versionsOf(newest: Template): number[] {
  return Array.from({ length: Math.min(newest.version, 100) }, (_, index) => newest.version - index)
}
