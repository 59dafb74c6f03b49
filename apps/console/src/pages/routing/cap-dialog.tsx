import { useMutation } from '@tanstack/react-query'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { mainstayFor } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { TextInput } from '../../components/field/inputs.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { parseMicros } from '../../format/money.ts'
import { scopeWords } from '../../notify/routing-words.ts'
import { useRoutingReload } from './change-routing.ts'
import { type Scope, ScopeFields } from './scope-fields.tsx'

interface Fields extends Scope {
  dailyLimitMicros: string
}

/** Sets how much may be spent in a day; for a channel and country that has a cap, the new one takes its place. */
export function CapDialog({ onClose }: { onClose: () => void }) {
  const formId = useId()
  const reload = useRoutingReload()
  const form = useForm<Fields>({ defaultValues: { channel: '', country: '', dailyLimitMicros: '' } })
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: ({ channel, country, dailyLimitMicros }: Fields) =>
      mainstayFor('live').notify.updateSpendCap({
        spendCap: {
          channel,
          country: country.toUpperCase(),
          dailyLimitMicros: parseMicros(dailyLimitMicros) ?? 0n,
        },
      }),
    async onSuccess(cap) {
      await reload()
      toast.success(`${scopeWords(cap)}: capped.`)
      onClose()
    },
    onError: (error) => setViolations(error, 'spend_cap', form),
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Set a spend cap"
      description="What a message costs is taken from every cap that fits before it is sent, so that any number of workers never spend more. What does not fit waits, one-time codes as well."
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((fields) => save.mutate(fields))}
        >
          <ScopeFields register={(name, options) => form.register(name, options)} errors={errors} />
          <Field
            label="Amount a day"
            help="In the currency of the prices. 0: nothing that costs is sent."
            error={errors.dailyLimitMicros?.message}
          >
            {(control) => (
              <TextInput
                {...control}
                inputMode="decimal"
                autoComplete="off"
                {...form.register('dailyLimitMicros', {
                  validate: (text) =>
                    parseMicros(text) !== undefined || 'Write an amount, such as 50 or 0.5.',
                })}
              />
            )}
          </Field>
          {save.error && <FailureNote error={save.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" form={formId} busy={save.isPending}>
          Set cap
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
