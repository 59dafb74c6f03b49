import { Recipients } from '@mainstay/proto/notify/v1/recipients'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { serviceOf } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import { toast } from '../../components/toast/toast.tsx'

interface Fields {
  topic: string
  displayName: string
  description: string
}

/** A new topic, without members. */
export function CreateTopicDialog({ onClose }: { onClose: () => void }) {
  const formId = useId()
  const queries = useQueryClient()
  const form = useForm<Fields>({ defaultValues: { topic: '', displayName: '', description: '' } })
  const { errors } = form.formState
  const create = useMutation({
    mutationFn: ({ topic, displayName, description }: Fields) =>
      serviceOf(Recipients).createTopic({
        topic: { topic: topic.trim(), displayName: displayName.trim(), description: description.trim() },
      }),
    async onSuccess({ topic, displayName }) {
      await queries.invalidateQueries({ queryKey: ['topics'] })
      await queries.invalidateQueries({ queryKey: ['groups'] })
      toast.success(`${displayName || topic} is created. Your program adds its members.`)
      onClose()
    },
    onError: (error) => setViolations(error, 'topic', form),
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Create topic"
      description="A list of recipients that your program keeps."
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((fields) => create.mutate(fields))}
        >
          <Field
            label="Id"
            help="Lower case letters, digits, dots and hyphens. It never changes."
            error={errors.topic?.message}
          >
            {(control) => (
              <TextInput
                {...control}
                mono
                autoComplete="off"
                spellCheck={false}
                {...form.register('topic', { required: 'Give it an id, for example weekly-news.' })}
              />
            )}
          </Field>
          <Field label="Name" optional error={errors.displayName?.message}>
            {(control) => <TextInput {...control} autoComplete="off" {...form.register('displayName')} />}
          </Field>
          <Field label="About" optional error={errors.description?.message}>
            {(control) => <TextInput {...control} autoComplete="off" {...form.register('description')} />}
          </Field>
          {create.error && <FailureNote error={create.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" form={formId} busy={create.isPending}>
          Create topic
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
