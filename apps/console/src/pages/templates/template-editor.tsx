import type { JsonObject } from '@bufbuild/protobuf'
import type { Template } from '@mainstay/proto/notify/v1'
import { TemplateKind } from '@mainstay/proto/notify/v1/templates'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { mainstay } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { CodeArea } from './code-area.tsx'
import { sampleData, variablesOf } from './liquid-variables.ts'
import { LocaleBar } from './locale-bar.tsx'
import { PreviewPane } from './preview-pane.tsx'
import { PublishDialog } from './publish-dialog.tsx'
import { SendTemplateDialog } from './send-template-dialog.tsx'
import { IdentityFields, PartFields, SentenceField } from './template-fields.tsx'
import { emptyTemplate, stateOf, textsOf, toTemplate } from './template-state.ts'
import { useKeepDraft, usePreview } from './templates.ts'

const NAME = /^[a-z][a-z0-9._-]{0,62}[a-z0-9]$/

/** Writes the draft of a template beside what it would say. What is sent changes only when it is published. */
export function TemplateEditor({
  template,
  etag: read,
  isOlder = false,
}: {
  template: Template | undefined
  etag: string
  /** What is shown is no draft and not the newest version: as it is, it can become the next. */
  isOlder?: boolean
}) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const keepDraft = useKeepDraft()
  const [saved, setSaved] = useState(() => (template ? stateOf(template) : emptyTemplate))
  const [state, setState] = useState(saved)
  const [etag, setEtag] = useState(read)
  const [locale, setLocale] = useState(state.defaultLocale)
  const [sample, setSample] = useState<string>()
  const [asking, setAsking] = useState<'publish' | 'send'>()
  const [nameError, setNameError] = useState<string>()
  const isNew = template === undefined
  const isDirty = JSON.stringify(state) !== JSON.stringify(saved)
  const version = template?.version ?? 0

  const text = sample ?? JSON.stringify(sampleData(variablesOf(...textsOf(state))), null, 2)
  const data = readData(text)
  const preview = usePreview(state, data, locale)
  const dataProblems = (preview.data?.problems ?? []).filter(({ field }) => field.startsWith('data'))

  const store = async () => {
    const draft = await mainstay().notify.updateTemplateDraft({ template: toTemplate(state), etag })
    setEtag(draft.etag)
    setSaved(state)
    return draft
  }
  const save = useMutation({
    mutationFn: store,
    async onSuccess(draft) {
      await keepDraft(draft)
      toast.success('The draft is saved.')
      if (isNew || isOlder) await navigate(`/templates/${state.name}`, { replace: true })
    },
  })
  const publish = useMutation({
    async mutationFn() {
      const current = isDirty || isNew || isOlder ? (await store()).etag : etag
      return await mainstay().notify.publishTemplate({ name: state.name, etag: current })
    },
    async onSuccess(made) {
      setAsking(undefined)
      await queries.invalidateQueries({ queryKey: ['templates'] })
      await queries.resetQueries({ queryKey: ['template'] })
      toast.success(`Version ${made.version} of ${made.name} is published.`)
      if (isNew || isOlder) await navigate(`/templates/${made.name}`, { replace: true })
    },
  })
  const named = (): boolean => {
    const isRight = !isNew || NAME.test(state.name)
    setNameError(
      isRight ? undefined : 'Start with a lower-case letter, end with a letter or digit, and use no spaces.',
    )
    return isRight
  }

  return (
    <div className="grid gap-6 lg:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-5">
        {isNew && <IdentityFields state={state} onChange={setState} error={nameError} />}
        <LocaleBar
          state={state}
          locale={locale}
          onChoose={setLocale}
          onAdd={(one) => {
            const from = state.parts[state.defaultLocale] ?? {}
            setState({ ...state, parts: { ...state.parts, [one]: from } })
            setLocale(one)
          }}
        />
        <PartFields state={state} onChange={setState} locale={locale} preview={preview.data} />
        <SentenceField state={state} onChange={setState} locale={locale} preview={preview.data} />
        {save.error && <FailureNote error={save.error} />}
        <div className="flex flex-wrap gap-2">
          <Button kind="primary" onClick={() => named() && setAsking('publish')}>
            Publish…
          </Button>
          <Button
            disabled={!isDirty && !isOlder}
            busy={save.isPending}
            onClick={() => named() && save.mutate()}
          >
            Save draft
          </Button>
          {version > 0 && state.kind === TemplateKind.MESSAGE && (
            <Button onClick={() => setAsking('send')}>Send a test</Button>
          )}
        </div>
      </div>
      <div className="flex min-w-0 flex-col gap-5 lg:sticky lg:top-0 lg:self-start">
        <PreviewPane preview={preview.data} error={preview.error} isBusy={preview.isFetching} />
        <Field
          label="Sample data"
          help="A JSON object, as your code would send it."
          error={
            data === undefined
              ? 'Write a JSON object: names in double quotes, no comma after the last.'
              : dataProblems.map(({ field, description }) => `${field} ${description}.`).join(' ') ||
                undefined
          }
        >
          {(control) => (
            <CodeArea control={control} rows={8} value={text} onChange={setSample} marked={NONE} />
          )}
        </Field>
      </div>
      {asking === 'publish' && (
        <PublishDialog
          name={state.name}
          version={version + 1}
          busy={publish.isPending}
          error={publish.error}
          onClose={() => {
            publish.reset()
            setAsking(undefined)
          }}
          onPublish={() => publish.mutate()}
        />
      )}
      {asking === 'send' && template && (
        <SendTemplateDialog
          template={template}
          locale={locale}
          data={text}
          onClose={() => setAsking(undefined)}
        />
      )}
    </div>
  )
}

const NONE: ReadonlySet<number> = new Set()

function readData(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined
  } catch {
    return undefined
  }
}
