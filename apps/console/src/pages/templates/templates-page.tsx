import type { Template } from '@mainstay/proto/notify/v1'
import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import { Plus } from 'lucide-react'
import { ButtonLink } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card, PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { ChannelMark } from '../../notify/channel-mark.tsx'
import { useTemplates } from './templates.ts'

/** The templates, those too of which there is only a draft. */
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
              aside: template.version === 0 ? 'Draft' : `Version ${stateWord(template)}`,
              second: (
                <p className="flex min-w-0 gap-2">
                  {use(template)}
                  <span className="truncate">{firstWords(template)}</span>
                </p>
              ),
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
  { title: 'Use', width: '120px', cell: use },
  { title: 'Says', cell: (template) => <span className="text-ink-2">{firstWords(template)}</span> },
  {
    title: 'Version',
    width: '150px',
    align: 'right',
    cell: (template) => <span className="tabular">{stateWord(template)}</span>,
  },
  {
    title: 'Made',
    width: '130px',
    align: 'right',
    cell: (template) => <RelativeTime time={template.createTime} />,
  },
]

function use({ kind, channel }: Template) {
  if (kind === TemplateKind.LAYOUT) return 'Layout'
  return kind === TemplateKind.PARTIAL ? 'Partial' : <ChannelMark channel={channel} />
}

function firstWords({ parts, defaultLocale }: Template): string {
  const { subject, title, text, body, whatsappTemplate } = parts[defaultLocale] ?? {}
  return subject || title || text || body || whatsappTemplate || ''
}

function stateWord({ version, hasDraft }: Template): string {
  if (version === 0) return 'Draft'
  return hasDraft ? `${version}, and a draft` : String(version)
}
