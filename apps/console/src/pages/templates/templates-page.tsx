import type { Template } from '@mainstay/proto/notify/v1'
import { Plus } from 'lucide-react'
import { ButtonLink } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card, PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { useTemplates } from './templates.ts'

/** The stored templates. Versions never change: an edit makes the next one. */
export function Component() {
  const templates = useTemplates()
  const create = (
    <ButtonLink kind="primary" to="/templates/new">
      <Plus aria-hidden />
      Create template
    </ButtonLink>
  )
  return (
    <ScrollPage>
      <PageHeader title="Templates">{create}</PageHeader>
      {templates.isError && !templates.data ? (
        <FailureState error={templates.error} onRetry={() => void templates.refetch()} />
      ) : templates.data?.length === 0 ? (
        <EmptyState title="No templates yet" actions={create}>
          A template keeps what a message says out of your code: you send its name and the data, and it is
          filled in with Liquid.
        </EmptyState>
      ) : (
        <Card>
          <ListTable
            label="Templates"
            columns={columns}
            rows={templates.data}
            rowId={(template) => template.name}
            rowHref={(template) => `/templates/${template.name}`}
            compact={(template) => ({
              first: template.name,
              aside: `Version ${template.version}`,
              second: <p className="truncate">{template.email?.subject}</p>,
            })}
          />
        </Card>
      )}
    </ScrollPage>
  )
}

const columns: ListColumn<Template>[] = [
  {
    title: 'Name',
    width: '28%',
    cell: (template) => <span className="tabular text-xs">{template.name}</span>,
  },
  { title: 'Subject', cell: (template) => <span className="text-ink-2">{template.email?.subject}</span> },
  {
    title: 'Version',
    width: '90px',
    align: 'right',
    cell: (template) => <span className="tabular">{template.version}</span>,
  },
  {
    title: 'Made',
    width: '130px',
    align: 'right',
    cell: (template) => <RelativeTime time={template.createTime} />,
  },
]
