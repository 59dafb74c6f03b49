import type { Template } from '@mainstay/proto/notify/v1'
import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import { Link, useNavigate, useParams, useSearchParams } from 'react-router'
import { mainstay } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { ChannelMark } from '../../notify/channel-mark.tsx'
import { TemplateEditor } from './template-editor.tsx'
import { useEditable, useVersion } from './templates.ts'
import { VersionsList } from './versions-list.tsx'

/** One template: its draft or newest version to write on, or an older one to look at; or the form for a new one. */
export function Component() {
  const { name } = useParams()
  const [search] = useSearchParams()
  const version = Number(search.get('version')) || 0
  return (
    <ScrollPage>
      <Link
        to="/templates"
        className="-mb-3 inline-flex items-center gap-1 self-start text-xs text-ink-2 hover:text-ink"
      >
        <ArrowLeft className="size-3.5" aria-hidden />
        Templates
      </Link>
      {name === undefined ? (
        <>
          <PageHeader title="Create template" />
          <TemplateEditor template={undefined} etag="" />
        </>
      ) : (
        <Stored key={name} name={name} version={version} />
      )}
    </ScrollPage>
  )
}

function Stored({ name, version }: { name: string; version: number }) {
  const editable = useEditable(name)
  const older = useVersion(name, version)
  const newest = editable.data?.template.version ?? 0
  const isOlder = version > 0 && version !== newest
  const shown = isOlder ? older : editable
  const template = isOlder ? older.data : editable.data?.template
  return (
    <>
      <PageHeader title={name}>
        {template && <Facts template={template} isDraft={!isOlder && editable.data?.etag !== ''} />}
        {editable.data && editable.data.etag !== '' && !isOlder && newest > 0 && (
          <DiscardButton name={name} />
        )}
      </PageHeader>
      {isOlder && (
        <p className="text-sm text-ink-2">
          This is version {version}, as it was published. Publishing makes it version {newest + 1}.{' '}
          <Link to={`/templates/${name}`} className="text-accent underline underline-offset-2">
            Back to the newest
          </Link>
        </p>
      )}
      {shown.isError ? (
        <FailureState error={shown.error} onRetry={() => void shown.refetch()} />
      ) : template === undefined || editable.data === undefined ? (
        <div className="grid gap-5 lg:grid-cols-2">
          <Loading what="template" />
          <Skeleton className="h-96 w-full" />
          <Skeleton className="h-96 w-full" />
        </div>
      ) : (
        <>
          <TemplateEditor
            key={`${isOlder ? version : 'draft'} ${newest}`}
            template={{ ...template, version: newest }}
            etag={editable.data.etag}
            isOlder={isOlder}
          />
          <VersionsList name={name} newest={newest} />
        </>
      )}
    </>
  )
}

function Facts({ template, isDraft }: { template: Template; isDraft: boolean }) {
  const { kind, channel, version } = template
  return (
    <p className="flex items-center gap-3 text-sm text-ink-2">
      {kind === TemplateKind.MESSAGE ? (
        <ChannelMark channel={channel} />
      ) : kind === TemplateKind.LAYOUT ? (
        'Layout'
      ) : (
        'Partial'
      )}
      <span className="tabular">{version > 0 ? `Version ${version}` : 'Not published'}</span>
      {isDraft && <span className="text-info">Draft</span>}
    </p>
  )
}

/** What is published stays; only what was written since is thrown away. */
function DiscardButton({ name }: { name: string }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const discard = useMutation({
    mutationFn: () => mainstay().notify.deleteTemplateDraft({ name }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['templates'] })
      await queries.resetQueries({ queryKey: ['template'] })
      toast.success('The draft is gone; the published version is as it was.')
      await navigate(`/templates/${name}`, { replace: true })
    },
  })
  return (
    <>
      <Button busy={discard.isPending} onClick={() => discard.mutate()}>
        Discard draft
      </Button>
      {discard.error && <FailureNote error={discard.error} />}
    </>
  )
}
