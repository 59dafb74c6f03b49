import type { RoutingPin } from '@mainstay/proto/notify/v1/routing'
import { useMutation } from '@tanstack/react-query'
import { useId } from 'react'
import { Controller, useForm } from 'react-hook-form'
import { mainstayFor } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Checkbox } from '../../components/field/checkbox.tsx'
import { Field } from '../../components/field/field.tsx'
import { Select } from '../../components/field/inputs.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { useProviderAccounts } from '../../notify/provider-accounts.ts'
import { useRoutingReload } from './change-routing.ts'
import { type Scope, ScopeFields } from './scope-fields.tsx'

interface Fields extends Scope {
  providerAccountId: string
  exclusive: boolean
}

/** Pins an account in front of the pins that are there: the first that fits holds. */
export function PinDialog({ pins, onClose }: { pins: readonly RoutingPin[]; onClose: () => void }) {
  const formId = useId()
  const reload = useRoutingReload()
  const accounts = useProviderAccounts().data ?? []
  const form = useForm<Fields>({
    defaultValues: { channel: '', country: '', providerAccountId: '', exclusive: false },
  })
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: (fields: Fields) =>
      mainstayFor('live').notify.updateRoutingSettings({
        routingSettings: { pins: [{ ...fields, country: fields.country.toUpperCase() }, ...pins] },
        updateMask: { paths: ['pins'] },
      }),
    async onSuccess() {
      await reload()
      toast.success('Pinned.')
      onClose()
    },
    onError: (error) => setViolations(error, 'routing_settings', form),
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Pin an account"
      description="What fits goes to it whatever others cost. It comes before the pins that are there."
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((fields) => save.mutate(fields))}
        >
          <ScopeFields register={(name, options) => form.register(name, options)} errors={errors} />
          <Field label="Account" error={errors.providerAccountId?.message}>
            {(control) => (
              <Select
                {...control}
                {...form.register('providerAccountId', { required: 'Choose an account.' })}
              >
                <option value="">Choose…</option>
                {accounts.map(({ providerAccountId, displayName, test }) => (
                  <option key={providerAccountId} value={providerAccountId}>
                    {displayName} ({test ? 'test' : 'live'})
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Controller
            control={form.control}
            name="exclusive"
            render={({ field }) => (
              <Checkbox
                checked={field.value}
                onChange={field.onChange}
                label="No other account"
                help="Messages wait for it while it takes none, instead of going to another."
              />
            )}
          />
          {save.error && <FailureNote error={save.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" form={formId} busy={save.isPending}>
          Pin account
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
