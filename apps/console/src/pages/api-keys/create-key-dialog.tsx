import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { Mode } from '@mainstay/proto/access/v1'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { Controller, useForm } from 'react-hook-form'
import { mainstay } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { Select, TextInput } from '../../components/field/inputs.tsx'
import { Segmented } from '../../components/segmented/segmented.tsx'
import { mode } from '../../session/mode.ts'
import { NewSecret } from './new-secret.tsx'
import { ScopeChoice } from './scope-choice.tsx'

interface Fields {
  displayName: string
  mode: 'test' | 'live'
  scopes: string[]
  /** Days until it ends; 0 means never. */
  expiryDays: number
}

const dayMs = 86_400_000

/** Makes an API key, then shows its secret this once. */
export function CreateKeyDialog({ onClose }: { onClose: () => void }) {
  const formId = useId()
  const queries = useQueryClient()
  const form = useForm<Fields>({
    defaultValues: {
      displayName: '',
      mode: mode.get(),
      scopes: ['notify:send', 'notify:read'],
      expiryDays: 0,
    },
  })
  const { errors } = form.formState
  const create = useMutation({
    mutationFn: (fields: Fields) =>
      mainstay().access.createApiKey({
        apiKey: {
          displayName: fields.displayName.trim(),
          mode: fields.mode === 'live' ? Mode.LIVE : Mode.TEST,
          scopes: fields.scopes,
          ...(fields.expiryDays > 0 && {
            expireTime: timestampFromMs(Date.now() + fields.expiryDays * dayMs),
          }),
        },
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['api-keys'] }),
    onError: (error) => setViolations(error, 'api_key', form) || setViolations(error, 'apiKey', form),
  })

  if (create.data) {
    return (
      <NewSecret name={create.data.apiKey?.displayName ?? ''} secret={create.data.secret} onClose={onClose} />
    )
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Create an API key"
      description="It speaks for this project. Give each program its own, with no more than it needs."
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-5"
          onSubmit={form.handleSubmit((fields) => create.mutate(fields))}
        >
          <Field
            label="Name"
            help="What it is for, for example “Checkout service”."
            error={errors.displayName?.message}
          >
            {(control) => (
              <TextInput
                {...control}
                autoComplete="off"
                {...form.register('displayName', {
                  validate: (value) =>
                    value.trim() !== '' || 'Give it a name, so that it can be told from the others.',
                  maxLength: { value: 80, message: 'Use at most 80 characters.' },
                })}
              />
            )}
          </Field>
          <Controller
            control={form.control}
            name="mode"
            render={({ field }) => (
              <fieldset className="flex flex-col items-start gap-1.5">
                <legend className="mb-1.5 text-sm font-medium">Mode</legend>
                <Segmented
                  label="Mode of the key"
                  value={field.value}
                  onChange={field.onChange}
                  choices={[
                    { value: 'test', label: 'Test' },
                    { value: 'live', label: 'Live' },
                  ]}
                />
                <p className="text-xs text-ink-3">
                  {field.value === 'live'
                    ? 'Messages go to real people through the project’s providers.'
                    : 'Messages go to test accounts, as the sandbox is.'}
                </p>
              </fieldset>
            )}
          />
          <Controller
            control={form.control}
            name="scopes"
            rules={{ validate: (value) => value.length > 0 || 'Choose at least one thing it may do.' }}
            render={({ field }) => (
              <ScopeChoice value={field.value} onChange={field.onChange} error={errors.scopes?.message} />
            )}
          />
          <Field label="Ends" help="A key that ends by itself needs nobody to remember it.">
            {(control) => (
              <Select {...control} {...form.register('expiryDays', { valueAsNumber: true })}>
                <option value={0}>Never</option>
                <option value={1}>In 1 day</option>
                <option value={30}>In 30 days</option>
                <option value={90}>In 90 days</option>
                <option value={365}>In 1 year</option>
              </Select>
            )}
          </Field>
          {create.error && <FailureNote error={create.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" form={formId} busy={create.isPending}>
          Create key
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
