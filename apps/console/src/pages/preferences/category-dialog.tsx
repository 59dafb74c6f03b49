import { Channel } from '@mainstay/proto/notify/v1'
import { type Category, Preferences } from '@mainstay/proto/notify/v1/preferences'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useForm } from 'react-hook-form'
import { serviceOf } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Checkbox } from '../../components/field/checkbox.tsx'
import { Field } from '../../components/field/field.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { channels } from '../../notify/channels.ts'
import { CapFields, readCap } from './cap-fields.tsx'

interface Fields {
  name: string
  displayName: string
  description: string
  mandatory: boolean
  ignoresQuietHours: boolean
  offChannels: Channel[]
  perDay: string
  perWeek: string
}

/** Makes a category, changes one, or deletes it. */
export function CategoryDialog({
  category,
  onClose,
}: {
  /** Undefined: a new one. */
  category: Category | undefined
  onClose: () => void
}) {
  const formId = useId()
  const queries = useQueryClient()
  const [deleting, setDeleting] = useState(false)
  const form = useForm<Fields>({ defaultValues: fieldsOf(category) })
  const { errors } = form.formState
  const { mandatory, ignoresQuietHours, offChannels } = form.watch()
  const done = async (words: string): Promise<void> => {
    await queries.invalidateQueries({ queryKey: ['categories'] })
    await queries.invalidateQueries({ queryKey: ['recipient-preferences'] })
    toast.success(words)
    onClose()
  }
  const save = useMutation({
    mutationFn: ({ perDay, perWeek, ...fields }: Fields) => {
      const cap = readCap(perDay, perWeek)
      const wanted = {
        ...fields,
        name: fields.name.trim(),
        offChannels: fields.mandatory ? [] : fields.offChannels,
        etag: category?.etag ?? '',
        ...(cap && { cap }),
      }
      return category === undefined
        ? serviceOf(Preferences).createCategory({ category: wanted })
        : serviceOf(Preferences).updateCategory({ category: wanted })
    },
    onSuccess: ({ displayName }) => done(`${displayName} is saved.`),
    onError: (error) => setViolations(error, 'category', form),
  })
  const remove = useMutation({
    mutationFn: () => serviceOf(Preferences).deleteCategory({ name: category?.name ?? '' }),
    onSuccess: () => done(`${category?.displayName} is deleted.`),
  })
  if (deleting && category) {
    return (
      <Dialog
        open
        onOpenChange={onClose}
        title={`Delete ${category.displayName}`}
        description="Sending with it is refused from then on. What people decided about it is kept, and holds again if it is made anew."
      >
        {remove.error && (
          <DialogBody>
            <FailureNote error={remove.error} />
          </DialogBody>
        )}
        <DialogButtons>
          <Button onClick={() => setDeleting(false)}>Keep it</Button>
          <Button kind="danger" onClick={() => remove.mutate()} busy={remove.isPending}>
            Delete category
          </Button>
        </DialogButtons>
      </Dialog>
    )
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={category ? category.displayName : 'Create a category'}
      description={category ? `category: "${category.name}"` : 'Something that people may want or not.'}
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((fields) => save.mutate(fields))}
        >
          {!category && (
            <Field label="Name" help="For your code; it cannot be changed." error={errors.name?.message}>
              {(control) => (
                <TextInput
                  {...control}
                  mono
                  autoComplete="off"
                  spellCheck={false}
                  placeholder="order_updates"
                  {...form.register('name', {
                    required: 'Give it a name, such as offers.',
                    pattern: {
                      value: /^\s*[a-z0-9][a-z0-9_.-]*\s*$/,
                      message: 'Use lower-case letters, digits, `_`, `.` and `-`.',
                    },
                  })}
                />
              )}
            </Field>
          )}
          <Field label="What people read" error={errors.displayName?.message}>
            {(control) => (
              <TextInput
                {...control}
                autoComplete="off"
                placeholder="Order updates"
                {...form.register('displayName', {
                  required: 'Say what people are to read.',
                  maxLength: { value: 80, message: 'Use at most 80 characters.' },
                })}
              />
            )}
          </Field>
          <Field
            label="Description"
            optional
            help="What they get, in a sentence."
            error={errors.description?.message}
          >
            {(control) => (
              <TextInput
                {...control}
                autoComplete="off"
                {...form.register('description', {
                  maxLength: { value: 300, message: 'Use at most 300 characters.' },
                })}
              />
            )}
          </Field>
          <Checkbox
            label="People cannot switch it off"
            help="Security notices, receipts: what they need to use the service."
            checked={mandatory}
            onChange={(on) => form.setValue('mandatory', on)}
          />
          <Checkbox
            label="Does not wait for quiet hours"
            checked={ignoresQuietHours}
            onChange={(on) => form.setValue('ignoresQuietHours', on)}
          />
          {!mandatory && (
            <fieldset className="flex flex-col gap-2">
              <legend className="mb-1.5 text-sm font-medium">Off until a person switches it on</legend>
              <div className="grid grid-cols-2 gap-2">
                {[...channels].map(
                  ([channel, { word }]) =>
                    channel !== Channel.WEBHOOK && (
                      <Checkbox
                        key={channel}
                        label={word}
                        checked={offChannels.includes(channel)}
                        onChange={(off) => {
                          const rest = offChannels.filter((one) => one !== channel)
                          form.setValue('offChannels', off ? [...rest, channel] : rest)
                        }}
                      />
                    ),
                )}
              </div>
            </fieldset>
          )}
          <CapFields form={form} />
          {save.error && <FailureNote error={save.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        {category && (
          <Button kind="ghost" className="mr-auto" onClick={() => setDeleting(true)}>
            Delete
          </Button>
        )}
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" form={formId} busy={save.isPending}>
          {category ? 'Save changes' : 'Create category'}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}

function fieldsOf(category: Category | undefined): Fields {
  const { perDay = 0, perWeek = 0 } = category?.cap ?? {}
  return {
    name: category?.name ?? '',
    displayName: category?.displayName ?? '',
    description: category?.description ?? '',
    mandatory: category?.mandatory ?? false,
    ignoresQuietHours: category?.ignoresQuietHours ?? false,
    offChannels: category?.offChannels ?? [],
    perDay: perDay === 0 ? '' : String(perDay),
    perWeek: perWeek === 0 ? '' : String(perWeek),
  }
}
