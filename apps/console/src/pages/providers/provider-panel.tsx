import type { ProviderAccount } from '@mainstay/proto/notify/v1'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import { useNavigate, useParams } from 'react-router'
import { mainstay } from '../../api/mainstay.ts'
import { setViolations } from '../../api/violations.ts'
import { Button } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { useTitle } from '../../components/page/page.tsx'
import { SidePanel } from '../../components/side-panel/side-panel.tsx'
import { toast } from '../../components/toast/toast.tsx'
import { useProviderAccounts } from '../../notify/provider-accounts.ts'
import { type ProviderFields, toAccount, toFields } from './provider-fields.ts'
import { HttpFields, KindChoice, SharedFields, SmtpFields } from './provider-form-fields.tsx'
import { VerifyButton } from './verify-button.tsx'

/** Adds a provider account, or changes the one in the address. */
export function Component() {
  const { providerAccountId } = useParams()
  const navigate = useNavigate()
  const accounts = useProviderAccounts()
  const account = accounts.data?.find((one) => one.providerAccountId === providerAccountId)
  const title = providerAccountId ? (account?.displayName ?? 'Provider') : 'Add provider'
  const close = () => void navigate('/providers')
  useTitle(title)
  const isMissing = providerAccountId !== undefined && accounts.isSuccess && !account
  const isReady = providerAccountId === undefined || account
  return (
    <SidePanel
      of={providerAccountId ?? 'new'}
      title="Provider account"
      header={title}
      onClose={close}
      actions={account && <VerifyButton account={account} />}
    >
      {isMissing && (
        <EmptyState
          title="There is no such provider"
          actions={<Button onClick={close}>Show all providers</Button>}
        >
          It may belong to another project.
        </EmptyState>
      )}
      {isReady && (
        <ProviderForm key={account?.providerAccountId ?? 'new'} account={account} onClose={close} />
      )}
    </SidePanel>
  )
}

function ProviderForm({ account, onClose }: { account: ProviderAccount | undefined; onClose: () => void }) {
  const queries = useQueryClient()
  const form = useForm<ProviderFields>({ defaultValues: toFields(account) })
  const kind = form.watch('kind')
  const save = useMutation({
    mutationFn: (fields: ProviderFields) => (account ? update(account, fields) : add(fields)),
    async onSuccess(saved) {
      await queries.invalidateQueries({ queryKey: ['provider-accounts'] })
      toast.success(
        account
          ? `Saved ${saved.displayName}.`
          : `Added ${saved.displayName}. Verify it before you rely on it.`,
      )
      onClose()
    },
    onError: (error) =>
      setViolations(error, 'provider_account', form) || setViolations(error, 'providerAccount', form),
  })
  return (
    <form
      noValidate
      className="flex min-h-full flex-col"
      onSubmit={form.handleSubmit((fields) => save.mutate(fields))}
    >
      <div className="flex flex-1 flex-col gap-5 px-4 py-5 lg:px-5">
        {!account && <KindChoice form={form} />}
        <SharedFields form={form} kind={kind} />
        {kind === 'smtp' && <SmtpFields form={form} isNew={!account} />}
        {kind === 'http' && <HttpFields form={form} isNew={!account} />}
        {save.error && <FailureNote error={save.error} />}
      </div>
      <div className="sticky bottom-0 flex justify-end gap-2 border-t border-line bg-canvas px-4 py-3 lg:px-5">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" busy={save.isPending}>
          {account ? 'Save changes' : 'Add provider'}
        </Button>
      </div>
    </form>
  )
}

function add(fields: ProviderFields): Promise<ProviderAccount> {
  return mainstay().notify.createProviderAccount({ providerAccount: { ...toAccount(fields), enabled: true } })
}

function update(account: ProviderAccount, fields: ProviderFields): Promise<ProviderAccount> {
  const { providerAccountId, etag } = account
  return mainstay().notify.updateProviderAccount({
    providerAccount: { ...toAccount(fields), providerAccountId, etag },
    updateMask: {
      paths: [
        'display_name',
        'sender',
        'priority',
        'test',
        ...(fields.kind === 'sandbox' ? [] : [fields.kind]),
      ],
    },
  })
}
