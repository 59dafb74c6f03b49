import type { RenderTemplateResponse } from '@mainstay/proto/notify/v1'
import { Channel } from '@mainstay/proto/notify/v1'
import type { TemplateParts, TemplateProblem } from '@mainstay/proto/notify/v1/templates'
import { CircleAlert, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Card } from '../../components/page/page.tsx'
import { Segmented } from '../../components/segmented/segmented.tsx'
import { MailFrame } from '../mailbox/mail-frame.tsx'

/** What the template says with the sample data; while it is wrong, what it said last and what is wrong. */
export function PreviewPane({
  preview,
  error,
  isBusy,
}: {
  preview: RenderTemplateResponse | undefined
  error: unknown
  isBusy: boolean
}) {
  const [wanted, setWanted] = useState<'html' | 'text'>('html')
  const parts = preview?.parts
  const isEmail = preview?.channel === Channel.EMAIL
  const view = parts?.html ? wanted : 'text'
  return (
    <section aria-label="Preview" aria-busy={isBusy} className="flex min-w-0 flex-col gap-2">
      <div className="flex min-h-8 items-center gap-2">
        <h2 className="mr-auto text-sm font-semibold">Preview</h2>
        {preview && <span className="tabular text-xs text-ink-3">{preview.locale}</span>}
        {isEmail && parts?.html && (
          <Segmented
            label="Show as"
            value={view}
            onChange={setWanted}
            choices={[
              { value: 'html', label: 'HTML' },
              { value: 'text', label: 'Text' },
            ]}
          />
        )}
      </div>
      {error != null && <FailureNote error={error} />}
      {preview && preview.problems.length > 0 && <ProblemList problems={preview.problems} tone="bad" />}
      {preview && preview.warnings.length > 0 && <ProblemList problems={preview.warnings} tone="warn" />}
      {parts ? (
        <Card className="flex min-h-40 flex-col">
          {isEmail ? <EmailPreview parts={parts} view={view} /> : <TextPreview parts={parts} />}
        </Card>
      ) : (
        preview === undefined && error == null && <Card className="min-h-40">{null}</Card>
      )}
      {preview?.sms && (
        <p className="text-xs text-ink-2">
          <span className="tabular">{preview.sms.characters}</span> characters, {preview.sms.encoding},{' '}
          <span className="tabular">{preview.sms.segments}</span>{' '}
          {preview.sms.segments === 1 ? 'segment' : 'segments'}
        </p>
      )}
    </section>
  )
}

function EmailPreview({ parts, view }: { parts: TemplateParts; view: 'html' | 'text' }) {
  return (
    <>
      <p className="border-b border-line px-4 py-2.5 text-sm font-medium">{parts.subject}</p>
      {view === 'html' ? (
        <div className="min-h-0 flex-1 [&>iframe]:min-h-[480px]">
          <MailFrame html={parts.html} title="Preview of the HTML" />
        </div>
      ) : (
        <pre className="overflow-x-auto px-4 py-3 tabular text-xs leading-[19px] whitespace-pre-wrap">
          {parts.text}
        </pre>
      )}
    </>
  )
}

function TextPreview({ parts }: { parts: TemplateParts }) {
  const { title, body, text, actionUrl, whatsappTemplate, whatsappLanguage, whatsappParameters } = parts
  return (
    <div className="flex max-w-md flex-col gap-2 p-4">
      {title && <p className="text-sm font-semibold break-words">{title}</p>}
      {(body || text) && (
        <p className="rounded-lg bg-sunken px-3 py-2 text-sm break-words whitespace-pre-wrap">
          {body || text}
        </p>
      )}
      {actionUrl && <p className="tabular text-xs break-all text-ink-2">{actionUrl}</p>}
      {whatsappTemplate && (
        <>
          <p className="text-sm">
            Approved template <span className="tabular text-xs">{whatsappTemplate}</span> in{' '}
            {whatsappLanguage}
          </p>
          <ol className="list-decimal pl-5 text-sm">
            {whatsappParameters.map((value, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a parameter is its position
              <li key={index}>{value}</li>
            ))}
          </ol>
        </>
      )}
    </div>
  )
}

/** What is wrong, each with its place. */
export function ProblemList({
  problems,
  tone,
}: {
  problems: readonly TemplateProblem[]
  tone: 'bad' | 'warn'
}) {
  const Icon = tone === 'bad' ? CircleAlert : TriangleAlert
  return (
    <ul
      aria-label={tone === 'bad' ? 'Problems' : 'Warnings'}
      className={tone === 'bad' ? 'rounded-md bg-bad-soft px-3 py-2' : 'rounded-md bg-warn-soft px-3 py-2'}
    >
      {problems.map(({ field, description, line }) => (
        <li key={`${field} ${line} ${description}`} className="flex gap-2 py-0.5 text-xs">
          <Icon
            aria-hidden
            className={
              tone === 'bad' ? 'mt-px size-3.5 shrink-0 text-bad' : 'mt-px size-3.5 shrink-0 text-warn'
            }
          />
          <span className="min-w-0 break-words">
            <span className="tabular font-medium">{field}</span>
            {line > 0 && <span className="text-ink-2">, line {line}</span>}: {description}
          </span>
        </li>
      ))}
    </ul>
  )
}
