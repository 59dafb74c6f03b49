import { durationFromMs } from '@bufbuild/protobuf/wkt'
import { type Account, Accounts } from '@mainstay/proto/identity/v1/accounts'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { serviceOf } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { CopyButton } from '../../components/copy/copy-button.tsx'
import { Dialog, DialogBody, DialogButtons } from '../../components/dialog/dialog.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Field } from '../../components/field/field.tsx'
import { Select, TextArea } from '../../components/field/inputs.tsx'
import { useApps } from '../apps/use-apps.ts'
import { nameOf, refreshAccount } from './use-accounts.ts'

interface Fields {
  clientId: string
  reason: string
  minutes: number
  allowChanges: string
}

/** Signs the operator in as an account, and shows the access token this once. */
export function ImpersonateDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const formId = useId()
  const queries = useQueryClient()
  const { accountId } = account
  const apps = (useApps().data ?? []).filter(({ kind, disabled }) => kind === account.kind && !disabled)
  const form = useForm<Fields>({
    defaultValues: { clientId: '', reason: '', minutes: 15, allowChanges: 'no' },
  })
  const { errors } = form.formState
  const begin = useMutation({
    mutationFn: ({ clientId, reason, minutes, allowChanges }: Fields) =>
      serviceOf(Accounts).impersonateAccount({
        ...{ accountId, clientId, reason: reason.trim(), allowChanges: allowChanges === 'yes' },
        ttl: durationFromMs(minutes * 60_000),
      }),
    onSuccess: () => refreshAccount(queries, accountId),
    onError: (error) => setViolations(error, 'account', form),
  })
  if (begin.data) return <TokenDialog token={begin.data.accessToken} account={account} onClose={onClose} />
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Act as ${nameOf(account)}`}
      description="You get an access token of theirs. They see the session in their list, with you in it, and the audit keeps it."
    >
      <DialogBody>
        <form
          id={formId}
          noValidate
          className="flex flex-col gap-4"
          onSubmit={form.handleSubmit((fields) => begin.mutate(fields))}
        >
          <Field label="Reason" help="For the audit, such as a ticket." error={errors.reason?.message}>
            {(control) => (
              <TextArea
                {...control}
                rows={2}
                {...form.register('reason', {
                  validate: (value) => value.trim().length >= 3 || 'Say why, in a few words.',
                  maxLength: { value: 500, message: 'Use at most 500 characters.' },
                })}
              />
            )}
          </Field>
          <Field label="App" error={errors.clientId?.message}>
            {(control) => (
              <Select
                {...control}
                {...form.register('clientId', { required: 'Choose an app of their kind.' })}
              >
                <option value="">{apps.length === 0 ? 'No app of their kind' : 'Choose an app'}</option>
                {apps.map(({ clientId, displayName }) => (
                  <option key={clientId} value={clientId}>
                    {displayName}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="For">
              {(control) => (
                <Select {...control} {...form.register('minutes', { valueAsNumber: true })}>
                  <option value={5}>5 minutes</option>
                  <option value={15}>15 minutes</option>
                  <option value={60}>1 hour</option>
                </Select>
              )}
            </Field>
            <Field label="In your services it may">
              {(control) => (
                <Select {...control} {...form.register('allowChanges')}>
                  <option value="no">Only read</option>
                  <option value="yes">Read and change</option>
                </Select>
              )}
            </Field>
          </div>
          {begin.error && <FailureNote error={begin.error} />}
        </form>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" form={formId} busy={begin.isPending}>
          Begin session
        </Button>
      </DialogButtons>
    </Dialog>
  )
}

function TokenDialog({ token, account, onClose }: { token: string; account: Account; onClose: () => void }) {
  return (
    <Dialog
      open
      mustChoose
      onOpenChange={onClose}
      title={`You act as ${nameOf(account)}`}
      description="Send it as the bearer token. It is shown this once; end the session in the list of sessions when you are done."
    >
      <DialogBody>
        <pre className="max-h-40 overflow-y-auto rounded-md bg-sunken p-3 tabular text-xs break-all whitespace-pre-wrap">
          {token}
        </pre>
      </DialogBody>
      <DialogButtons>
        <Button onClick={onClose}>Done</Button>
        <CopyButton kind="primary" text={token} label="Copy token" />
      </DialogButtons>
    </Dialog>
  )
}
