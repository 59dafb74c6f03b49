import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { mainstay } from '../api/mainstay.ts'
import { setViolations } from '../api/violations.ts'
import { Button } from '../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../components/dialog/dialog.tsx'
import { FailureNote } from '../components/failure/failure-note.tsx'
import { Field } from '../components/field/field.tsx'
import { TextInput } from '../components/field/inputs.tsx'

interface Fields {
  displayName: string
  slug: string
}

/** Creates a project and switches to it. The slug follows the name until it is edited. */
export function CreateProjectDialog({
  onClose,
  onCreated,
}: {
  onClose: () => void
  onCreated: (slug: string) => void
}) {
  const formId = useId()
  const queries = useQueryClient()
  const form = useForm<Fields>({ defaultValues: { displayName: '', slug: '' } })
  const { errors, dirtyFields } = form.formState
  const create = useMutation({
    mutationFn: (project: Fields) => mainstay().access.createProject({ project }),
    async onSuccess(project) {
      await queries.invalidateQueries({ queryKey: ['projects'] })
      onCreated(project.slug)
      onClose()
    },
    onError: (error) => setViolations(error, 'project', form),
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Create a project"
      description="One app or sub-app. It has its own messages, keys, templates and providers."
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((fields) => create.mutate(fields))}
        >
          <Field label="Name" error={errors.displayName?.message}>
            {(control) => (
              <TextInput
                {...control}
                {...form.register('displayName', {
                  required: 'Give it the name that people know it by.',
                  maxLength: { value: 80, message: 'Use at most 80 characters.' },
                  onChange: (event) =>
                    !dirtyFields.slug && form.setValue('slug', slugOf(String(event.target.value))),
                })}
              />
            )}
          </Field>
          <Field
            label="Slug"
            help="For commands and addresses: lower-case letters, digits and dashes."
            error={errors.slug?.message}
          >
            {(control) => (
              <TextInput
                {...control}
                mono
                {...form.register('slug', {
                  pattern: {
                    value: /^[a-z][a-z0-9-]{1,38}[a-z0-9]$/,
                    message:
                      'Use 3 to 40 lower-case letters, digits and dashes, with a letter first and no dash last.',
                  },
                  required: 'Give it a slug.',
                })}
              />
            )}
          </Field>
          {create.error && <FailureNote error={create.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" form={formId} busy={create.isPending}>
          Create project
        </Button>
      </DialogButtons>
    </Dialog>
  )
}

function slugOf(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFD')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 40)
}
