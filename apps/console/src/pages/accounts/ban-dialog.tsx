import { type Account, Accounts } from '@mainstay/proto/identity/v1/accounts'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { serviceOf } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { TextArea } from '../../components/field/inputs.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { nameOf, refreshAccount } from './use-accounts.ts'

/** Keeps an account out, with the reason in the operator's words. */
export function BanDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const formId = useId()
  const queries = useQueryClient()
  const { accountId } = account
  const form = useForm({ defaultValues: { reason: account.banReason } })
  const ban = useMutation({
    mutationFn: ({ reason }: { reason: string }) =>
      serviceOf(Accounts).banAccount({ accountId, reason: reason.trim() }),
    async onSuccess() {
      await refreshAccount(queries, accountId)
      toast.success(`${nameOf(account)} is kept out.`)
      onClose()
    },
    onError: (error) => setViolations(error, 'account', form),
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Ban ${nameOf(account)}`}
      description="Their sessions end within a second, and they cannot sign in until you let them in again."
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((fields) => ban.mutate(fields))}
        >
          <Field
            label="Reason"
            help="For operators. The person is not told."
            error={form.formState.errors.reason?.message}
          >
            {(control) => (
              <TextArea
                {...control}
                rows={3}
                {...form.register('reason', {
                  validate: (value) => value.trim() !== '' || 'Say why, in a few words.',
                  maxLength: { value: 500, message: 'Use at most 500 characters.' },
                })}
              />
            )}
          </Field>
          {ban.error && <FailureNote error={ban.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="danger" type="submit" form={formId} busy={ban.isPending}>
          Ban account
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
