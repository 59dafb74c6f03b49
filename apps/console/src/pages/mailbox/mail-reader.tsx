import type { Mail } from '@mainstay/proto/notify/v1'
import { useQuery } from '@tanstack/react-query'
import { ArrowLeft, ImageOff, Mails } from 'lucide-react'
import { useState } from 'react'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { mainstay, useScope } from '../../api/mainstay.ts'
import { ButtonLink, IconButton } from '../../components/button/button.tsx'
import { CopyButton } from '../../components/copy/copy-button.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { useTitle } from '../../components/page/page.tsx'
import { Segmented } from '../../components/segmented/segmented.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { formatBytes } from '../../format/number.ts'
import { formatAbsolute, toMs } from '../../format/time.ts'
import { MailFiles, useShownFiles } from './mail-files.tsx'
import { hasRemoteContent, MailFrame } from './mail-frame.tsx'

type View = 'html' | 'text' | 'headers'

/** One mail, whole: as its reader sees it, as text, and its headers. */
export function Component() {
  const { mailId = '' } = useParams()
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const mail = useQuery({
    queryKey: ['mail', mailId, ...useScope()],
    queryFn: ({ signal }) => mainstay().notify.getMail({ mailId }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
  useTitle(mail.data?.subject ?? 'Mail')
  return (
    <article
      aria-label="Mail"
      className="flex h-full min-h-0 flex-col bg-canvas max-lg:fixed max-lg:inset-0 max-lg:z-30 max-lg:animate-slide-in"
    >
      {mail.isError ? (
        <FailureState error={mail.error} onRetry={() => void mail.refetch()} />
      ) : mail.data ? (
        <Reader
          mail={mail.data}
          onBack={() => void navigate({ pathname: '/mailbox', search: search.toString() })}
        />
      ) : (
        <div className="flex flex-col gap-3 p-6">
          <Loading what="mail" />
          <Skeleton className="h-5 w-1/2" />
          <Skeleton className="w-1/3" />
          <Skeleton className="mt-6 h-48 w-full" />
        </div>
      )}
    </article>
  )
}

function Reader({ mail, onBack }: { mail: Mail; onBack: () => void }) {
  const views: { value: View; label: string }[] = [
    ...(mail.html ? [{ value: 'html', label: 'HTML' } as const] : []),
    { value: 'text', label: 'Text' },
    { value: 'headers', label: 'Headers' },
  ]
  const html = useShownFiles(mail)
  const [wanted, setWanted] = useState<View>('html')
  const view = views.some((one) => one.value === wanted) ? wanted : 'text'
  return (
    <>
      <header className="flex flex-col gap-3 border-b border-line px-4 py-4 lg:px-6">
        <div className="flex items-start gap-2">
          <IconButton label="Back to the list" onClick={onBack} className="-ml-1.5 lg:hidden">
            <ArrowLeft />
          </IconButton>
          <div className="min-w-0 flex-1">
            <h2 className="text-lg font-semibold [overflow-wrap:anywhere]">{mail.subject || 'No subject'}</h2>
            <dl className="mt-1 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 text-sm text-ink-2">
              <dt className="text-ink-3">From</dt>
              <dd className="truncate">{mail.from}</dd>
              <dt className="text-ink-3">To</dt>
              <dd className="truncate">{mail.to.join(', ')}</dd>
              <dt className="text-ink-3">Came in</dt>
              <dd>
                {formatAbsolute(toMs(mail.receiveTime) ?? 0)}, {formatBytes(mail.sizeBytes)}
              </dd>
            </dl>
          </div>
        </div>
        <MailFiles mail={mail} />
        <div className="flex flex-wrap items-center gap-2">
          <Segmented label="Show as" value={view} onChange={setWanted} choices={views} />
          {view === 'html' && hasRemoteContent(mail.html) && (
            <span className="inline-flex items-center gap-1.5 text-xs text-ink-3">
              <ImageOff className="size-3.5" aria-hidden />
              Remote images are not loaded
            </span>
          )}
          {mail.messageId && (
            <ButtonLink to={`/messages/${mail.messageId}`} className="ml-auto">
              <Mails aria-hidden />
              Open message
            </ButtonLink>
          )}
        </div>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {view === 'html' && (html === undefined ? <LoadingPictures /> : <MailFrame html={html} />)}
        {view === 'text' && <PlainText text={mail.text} />}
        {view === 'headers' && <Headers mail={mail} />}
      </div>
    </>
  )
}

function LoadingPictures() {
  return (
    <div className="p-6">
      <Loading what="pictures" />
      <Skeleton className="w-1/2" />
    </div>
  )
}

function PlainText({ text }: { text: string }) {
  if (!text) return <p className="p-6 text-sm text-ink-2">This mail has no plain text.</p>
  return (
    <pre className="px-4 py-4 tabular text-xs leading-[19px] whitespace-pre-wrap [overflow-wrap:anywhere] lg:px-6">
      {text}
    </pre>
  )
}

function Headers({ mail }: { mail: Mail }) {
  const source = mail.headers.map(({ name, value }) => `${name}: ${value}`).join('\n')
  return (
    <div className="px-4 py-4 lg:px-6">
      <dl className="grid grid-cols-[minmax(96px,200px)_minmax(0,1fr)] gap-x-4 gap-y-1 tabular text-xs leading-[19px]">
        {mail.headers.map(({ name, value }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: headers repeat and keep their order
          <div key={index} className="contents">
            <dt className="truncate text-ink-3">{name}</dt>
            <dd className="[overflow-wrap:anywhere]">{value}</dd>
          </div>
        ))}
      </dl>
      <div className="mt-4">
        <CopyButton text={source} label="Copy headers" />
      </div>
    </div>
  )
}
