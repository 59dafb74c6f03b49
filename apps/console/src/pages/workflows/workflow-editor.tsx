import { type WorkflowProblem, Workflows } from '@mainstay/proto/notify/v1/workflows'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CircleCheck } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useNavigate } from 'react-router'
import { serviceOf } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { Card, Section } from '../../components/page/page.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { CodeArea } from '../templates/code-area.tsx'
import { FlowView } from './flow-view.tsx'

/** The YAML of a workflow to write on, checked a moment after the last change, beside how it reads. */
export function WorkflowEditor({
  yaml,
  name,
  newest,
}: {
  yaml: string
  /** Undefined: a new one. */
  name?: string
  newest?: number | undefined
}) {
  const [text, setText] = useState(yaml)
  const check = useCheck(text)
  const publish = usePublish()
  const { problems = [], workflow, unchanged = false } = check.data ?? {}
  const isOther = name !== undefined && workflow !== undefined && workflow.name !== name
  return (
    <div className="grid items-start gap-5 lg:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-3">
        <Field
          label="Definition"
          help={
            name === undefined
              ? 'YAML. The name in it is the workflow’s; it cannot change later.'
              : 'YAML. Publishing makes a new version; runs under way finish on theirs.'
          }
        >
          {(control) => (
            <CodeArea
              control={control}
              value={text}
              onChange={setText}
              rows={28}
              marked={new Set(problems.map(({ line }) => line))}
            />
          )}
        </Field>
        {check.error && <FailureNote error={check.error} />}
        {publish.error && <FailureNote error={publish.error} />}
        <div className="flex flex-wrap items-center gap-3">
          <Button
            kind="primary"
            busy={publish.isPending}
            disabled={workflow === undefined || unchanged || check.isPending}
            onClick={() => publish.mutate(text)}
          >
            {workflow === undefined || unchanged ? 'Publish' : `Publish version ${workflow.version}`}
          </Button>
          <p role="status" className="text-sm text-ink-2">
            {check.isPending
              ? 'Checking…'
              : problems.length > 0
                ? problems.length === 1
                  ? 'One thing is wrong.'
                  : `${problems.length} things are wrong.`
                : unchanged
                  ? `This is version ${workflow?.version}, as it is published.`
                  : isOther
                    ? `This publishes another workflow, ${workflow.name}.`
                    : workflow &&
                      `Nothing is wrong${newest === undefined ? '.' : `; ${newest} is the newest.`}`}
          </p>
        </div>
      </div>
      <div className="flex min-w-0 flex-col gap-5">
        {problems.length > 0 ? (
          <Problems problems={problems} />
        ) : (
          <Section
            title="How it reads"
            aside={workflow && <CircleCheck aria-hidden className="size-4 text-ok" />}
          >
            <Card>
              <FlowView definition={workflow?.definition} />
            </Card>
          </Section>
        )}
      </div>
    </div>
  )
}

function Problems({ problems }: { problems: readonly WorkflowProblem[] }) {
  return (
    <Section title="What is wrong">
      <Card>
        <ul>
          {problems.map(({ path, description, line, column }) => (
            <li
              key={`${path} ${description}`}
              className="flex gap-3 border-b border-line px-4 py-2 text-sm last:border-b-0"
            >
              <span className="tabular w-12 shrink-0 pt-px text-xs text-bad">
                {line}:{column}
              </span>
              <span className="min-w-0 [overflow-wrap:anywhere]">
                <code className="tabular text-xs">{path}</code>{' '}
                <span className="text-ink-2">{description}</span>
              </span>
            </li>
          ))}
        </ul>
      </Card>
    </Section>
  )
}

/** What publishing would say, a moment after the last change. */
function useCheck(text: string) {
  const { mutate, ...check } = useMutation({
    mutationFn: (value: string) =>
      serviceOf(Workflows).publishWorkflow({ source: { case: 'yaml', value }, validateOnly: true }),
  })
  useEffect(() => {
    if (text.trim() === '') return
    const timer = setTimeout(() => mutate(text), 250)
    return () => clearTimeout(timer)
  }, [text, mutate])
  return check
}

function usePublish() {
  const queries = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: (value: string) => serviceOf(Workflows).publishWorkflow({ source: { case: 'yaml', value } }),
    async onSuccess({ workflow }) {
      if (workflow === undefined) return
      toast.success(`Version ${workflow.version} of ${workflow.name} is published.`)
      await navigate(`/workflows/${workflow.name}`)
      await queries.invalidateQueries({ queryKey: ['workflows'] })
      await queries.invalidateQueries({ queryKey: ['workflow'] })
    },
  })
}
