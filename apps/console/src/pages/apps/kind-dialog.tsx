import type { Kind } from '@mainstay/proto/identity/v1/clients'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { Controller, useForm } from 'react-hook-form'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Checkbox } from '../../components/field/checkbox.tsx'
import { Field } from '../../components/field/field.tsx'
import { Select, TextInput } from '../../components/field/inputs.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { CHANNEL_CHOICES, type KindFields, readKind, saveKind } from './kind-fields.ts'

/** The rules of a kind: who may sign up, over what codes go, and how long people stay signed in. */
export function KindDialog({ kind, onClose }: { kind: Kind | undefined; onClose: () => void }) {
  const formId = useId()
  const queries = useQueryClient()
  const form = useForm<KindFields>({ defaultValues: readKind(kind) })
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: (fields: KindFields) => saveKind(fields),
    async onSuccess({ displayName }) {
      await queries.invalidateQueries({ queryKey: ['kinds'] })
      toast.success(`${displayName} are saved.`)
      onClose()
    },
    onError: (error) => setViolations(error, 'kind', form),
  })
  const span = (name: 'accessMinutes' | 'idleDays' | 'sessionDays', least: number, most: number) =>
    form.register(name, {
      valueAsNumber: true,
      validate: (value) => (value >= least && value <= most) || `Use a number from ${least} to ${most}.`,
    })
  return (
    <Dialog
      open
      wide
      onOpenChange={onClose}
      title={kind ? `Edit ${kind.displayName}` : 'Add kind'}
      description="What holds for everybody of this kind, in every app of it. A change reaches sign-ins within a minute."
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((fields) => save.mutate(fields))}
        >
          {!kind && (
            <Field
              label="Id"
              help="Lower-case letters, digits and underscores. It stays."
              error={errors.kind?.message}
            >
              {(control) => (
                <TextInput
                  {...control}
                  mono
                  autoComplete="off"
                  spellCheck={false}
                  {...form.register('kind', {
                    pattern: {
                      value: /^[a-z][a-z0-9_]{0,39}$/,
                      message: 'Use lower-case letters, digits and underscores, beginning with a letter.',
                    },
                    required: 'Give it an id, such as courier.',
                  })}
                />
              )}
            </Field>
          )}
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Name" error={errors.displayName?.message}>
              {(control) => (
                <TextInput
                  {...control}
                  autoComplete="off"
                  {...form.register('displayName', {
                    required: 'Give it a name, such as Couriers.',
                    maxLength: { value: 80, message: 'Use at most 80 characters.' },
                  })}
                />
              )}
            </Field>
            <Field
              label="Sender"
              optional
              help="Your … code is. Unset: the project’s name."
              error={errors.senderName?.message}
            >
              {(control) => (
                <TextInput
                  {...control}
                  autoComplete="off"
                  {...form.register('senderName', {
                    maxLength: { value: 40, message: 'Use at most 40 characters.' },
                  })}
                />
              )}
            </Field>
            <Field label="Codes to phones go over">
              {(control) => (
                <Select {...control} {...form.register('channels')}>
                  {CHANNEL_CHOICES.map(({ value, label }) => (
                    <option key={value} value={value}>
                      {label}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
            <Field label="Access token, minutes" error={errors.accessMinutes?.message}>
              {(control) => <TextInput {...control} type="number" {...span('accessMinutes', 1, 60)} />}
            </Field>
            <Field
              label="Session without use, days"
              help="Signed out after so long without a refresh."
              error={errors.idleDays?.message}
            >
              {(control) => (
                <TextInput {...control} type="number" step="any" {...span('idleDays', 0.01, 365)} />
              )}
            </Field>
            <Field
              label="Session at the most, days"
              help="Then they sign in anew."
              error={errors.sessionDays?.message}
            >
              {(control) => (
                <TextInput {...control} type="number" step="any" {...span('sessionDays', 0.01, 1825)} />
              )}
            </Field>
          </div>
          <Controller
            control={form.control}
            name="inviteOnly"
            render={({ field }) => (
              <Checkbox
                checked={field.value}
                onChange={field.onChange}
                label="By invitation only"
                help="Nobody makes an account by signing in: you make them. Whether somebody has one is told to nobody."
              />
            )}
          />
          <Controller
            control={form.control}
            name="emailRefused"
            render={({ field }) => (
              <Checkbox
                checked={field.value}
                onChange={field.onChange}
                label="No sign-in by email"
                help="Codes go to phone numbers alone."
              />
            )}
          />
          {save.error && <FailureNote error={save.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" form={formId} busy={save.isPending}>
          Save kind
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
