import { useMutation } from '@tanstack/react-query'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { mainstayFor } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { TextArea, TextInput } from '../../components/field/inputs.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { formatCount } from '../../format/number.ts'
import { useProviderAccounts } from '../../notify/provider-accounts.ts'
import { useRoutingReload } from './change-routing.ts'

interface Fields {
  csv: string
  currency: string
}

/** Takes in a price list, pasted or from a file: all of it or nothing, and every fault with its line. */
export function ImportPricesDialog({ currency, onClose }: { currency: string; onClose: () => void }) {
  const formId = useId()
  const reload = useRoutingReload()
  const first = useProviderAccounts().data?.find(({ test }) => !test)?.providerAccountId ?? 'pac_…'
  const form = useForm<Fields>({ defaultValues: { csv: '', currency: currency || 'USD' } })
  const { errors } = form.formState
  const take = useMutation({
    mutationFn: (fields: Fields) => mainstayFor('live').notify.importPrices(fields),
    async onSuccess({ priceCount, accountCount }) {
      await reload()
      toast.success(
        `${formatCount(priceCount)} prices of ${formatCount(accountCount)} ${accountCount === 1 ? 'account' : 'accounts'} hold now.`,
      )
      onClose()
    },
    onError: (error) => setViolations(error, '', form),
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      wide
      title="Import prices"
      description="The accounts that the list names have exactly its prices from then on; others keep theirs. With one fault in it, nothing is changed."
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((fields) => take.mutate(fields))}
        >
          <Field
            label="Price list"
            help="Columns: account, country, prefix, price. The longest prefix wins, then the country, then the line with neither."
            error={errors.csv?.message}
          >
            {(control) => (
              <TextArea
                {...control}
                mono
                rows={9}
                spellCheck={false}
                placeholder={`account,country,prefix,price\n${first},DE,,0.0675\n${first},,,0.09`}
                {...form.register('csv', { required: 'Paste the list, or choose a file.' })}
              />
            )}
          </Field>
          <Field label="From a file" optional>
            {(control) => (
              <input
                {...control}
                type="file"
                accept=".csv,text/csv,text/plain"
                className="text-sm file:mr-3 file:h-8 file:rounded-md file:border file:border-edge file:bg-canvas file:px-2.5 file:text-sm"
                onChange={async (event) => {
                  const text = await event.target.files?.[0]?.text()
                  if (text !== undefined) form.setValue('csv', text, { shouldValidate: true })
                }}
              />
            )}
          </Field>
          <Field
            label="Currency"
            help="A project has one for all its prices and caps."
            error={errors.currency?.message}
          >
            {(control) => (
              <TextInput
                {...control}
                maxLength={3}
                autoComplete="off"
                spellCheck={false}
                {...form.register('currency', {
                  pattern: { value: /^[A-Z]{3}$/, message: 'Use three capitals, such as USD.' },
                })}
              />
            )}
          </Field>
          {take.error && <FailureNote error={take.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" form={formId} busy={take.isPending}>
          Import prices
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
