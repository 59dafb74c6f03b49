import { Recipients, type Segment } from '@mainstay/proto/notify/v1/recipients'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useForm } from 'react-hook-form'
import { useNavigate, useParams } from 'react-router'
import { serviceOf, useScope } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { ConfirmByName } from '../../components/dialog/confirm-by-name.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { Field } from '../../components/field/field.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import { PageHeader, ScrollPage, Section } from '../../components/page/page.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { useGroups } from '../recipients/use-recipients.ts'
import {
  type EditorRule,
  fromJson,
  isComplete,
  newCondition,
  newGroup,
  replaceRule,
  toJson,
} from './editor-rule.ts'
import { GroupEditor } from './rule-editor.tsx'
import { SegmentPreview } from './segment-preview.tsx'

/** One segment: its name, its rule, and beside it whom that describes. */
export function Component() {
  const { segment = '' } = useParams()
  const found = useQuery({
    queryKey: ['segment', segment, ...useScope()],
    queryFn: ({ signal }) => serviceOf(Recipients).getSegment({ segment }, { signal }),
    enabled: segment !== '',
    // What is being edited is not replaced under the reader's hands.
    refetchOnWindowFocus: false,
  })
  if (segment === '') return <Editor stored={undefined} />
  if (found.isError) {
    return (
      <ScrollPage>
        <PageHeader title={segment} />
        <FailureState error={found.error} onRetry={() => void found.refetch()} />
      </ScrollPage>
    )
  }
  if (found.data) return <Editor key={found.data.etag} stored={found.data} />
  return (
    <ScrollPage>
      <PageHeader title={segment} />
      <Loading what="segment" />
      <Skeleton className="w-1/3" />
    </ScrollPage>
  )
}

interface Fields {
  segment: string
  displayName: string
}

function Editor({ stored }: { stored: Segment | undefined }) {
  const formId = useId()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const groups = useGroups()
  const [isDeleting, setDeleting] = useState(false)
  const [rule, setRule] = useState(() => firstRule(stored))
  const form = useForm<Fields>({
    defaultValues: { segment: stored?.segment ?? '', displayName: stored?.displayName ?? '' },
  })
  const { errors } = form.formState
  const complete = isComplete(rule) ? toJson(rule) : undefined
  const save = useMutation({
    mutationFn: (fields: Fields) => {
      const segment = {
        segment: stored?.segment ?? fields.segment.trim(),
        displayName: fields.displayName.trim(),
        rule: toJson(rule),
      }
      if (stored === undefined) return serviceOf(Recipients).createSegment({ segment })
      return serviceOf(Recipients).updateSegment({
        segment: { ...segment, etag: stored.etag },
        updateMask: { paths: ['display_name', 'rule'] },
      })
    },
    async onSuccess({ segment, displayName }) {
      await queries.invalidateQueries({ queryKey: ['segments'] })
      await queries.invalidateQueries({ queryKey: ['groups'] })
      await queries.invalidateQueries({ queryKey: ['segment', segment] })
      toast.success(`${displayName || segment} is saved.`)
      if (stored === undefined) await navigate(`/segments/${segment}`, { replace: true })
    },
    onError: (error) => setViolations(error, 'segment', form),
  })
  return (
    <ScrollPage>
      <PageHeader title={stored === undefined ? 'New segment' : stored.displayName || stored.segment}>
        {stored !== undefined && (
          <Button kind="ghost" onClick={() => setDeleting(true)}>
            Delete
          </Button>
        )}
        <Button
          kind="primary"
          type="submit"
          form={formId}
          busy={save.isPending}
          disabled={complete === undefined}
        >
          Save segment
        </Button>
      </PageHeader>
      {save.error && <FailureNote error={save.error} />}
      <div className="grid gap-x-10 gap-y-6 lg:grid-cols-[minmax(0,1fr)_320px]">
        <div className="flex min-w-0 flex-col gap-6">
          <form
            id={formId}
            noValidate
            className="grid gap-4 sm:grid-cols-2"
            onSubmit={form.handleSubmit((fields) => save.mutate(fields))}
          >
            <Field
              label="Id"
              help={
                stored === undefined
                  ? 'Lower case letters, digits, dots and hyphens. It never changes.'
                  : undefined
              }
              error={errors.segment?.message}
            >
              {(control) => (
                <TextInput
                  {...control}
                  mono
                  readOnly={stored !== undefined}
                  autoComplete="off"
                  spellCheck={false}
                  {...form.register('segment', { required: 'Give it an id, for example paying-customers.' })}
                />
              )}
            </Field>
            <Field label="Name" optional error={errors.displayName?.message}>
              {(control) => <TextInput {...control} autoComplete="off" {...form.register('displayName')} />}
            </Field>
          </form>
          <Section title="Rule">
            {rule.kind !== 'condition' && (
              <GroupEditor
                group={rule}
                topics={groups.data?.topics ?? []}
                onChange={(id, next) => setRule((now) => asGroup(replaceRule(now, id, next)))}
              />
            )}
            <p className="mt-3 text-xs text-ink-3">
              Attribute values are numbers, true or false where they read as such; in quotes they are text.
            </p>
          </Section>
        </div>
        <SegmentPreview rule={complete} />
      </div>
      {isDeleting && stored && <DeleteSegment segment={stored.segment} onCancel={() => setDeleting(false)} />}
    </ScrollPage>
  )
}

/** The outermost part is a group, so that there is always something to add to. */
function asGroup(rule: EditorRule): EditorRule {
  return rule.kind === 'condition' ? newGroup('all', [rule]) : rule
}

function firstRule(stored: Segment | undefined): EditorRule {
  return stored === undefined ? newGroup('all', [newCondition()]) : asGroup(fromJson(stored.rule))
}

function DeleteSegment({ segment, onCancel }: { segment: string; onCancel: () => void }) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => serviceOf(Recipients).deleteSegment({ segment }),
    async onSuccess() {
      await navigate('/segments')
      queries.removeQueries({ queryKey: ['segment', segment] })
      await queries.invalidateQueries({ queryKey: ['segments'] })
      await queries.invalidateQueries({ queryKey: ['groups'] })
      toast.success(`${segment} is deleted.`)
    },
  })
  return (
    <ConfirmByName
      open
      onOpenChange={onCancel}
      title="Delete segment"
      consequence="The people that it describes stay. What names it, such as a campaign that has not begun, finds nobody."
      name={segment}
      verb="Delete segment"
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
    />
  )
}
