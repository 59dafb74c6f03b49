import type { ProviderAccount } from '@mainstay/proto/notify/v1'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { Button } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { useTitle } from '../../components/page/page.tsx'
import { SidePanel } from '../../components/side-panel/side-panel.tsx'
import { useProviderAccounts } from '../../notify/provider-accounts.ts'
import { useProviderKinds } from '../../notify/provider-kinds.ts'
import { mode } from '../../session/mode.ts'
import { AccountState } from './account-state.tsx'
import { providerChoices } from './provider-choices.ts'
import { ProviderChooser } from './provider-chooser.tsx'
import { fieldsOf, toFields } from './provider-fields.ts'
import { ProviderForm } from './provider-form.tsx'
import { VerifyButton } from './verify-button.tsx'

/** Adds a provider account, or changes the one in the address. */
export function Component() {
  const { providerAccountId } = useParams()
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const accounts = useProviderAccounts()
  const kinds = useProviderKinds()
  const slug = search.get('kind')
  const account = accounts.data?.find((one) => one.providerAccountId === providerAccountId)
  const choice =
    kinds.data && providerChoices(kinds.data).find((one) => one.slug === (account ? slugOf(account) : slug))
  const isNew = providerAccountId === undefined
  const title = isNew
    ? choice
      ? `Add ${choice.title}`
      : 'Add provider'
    : (account?.displayName ?? 'Provider')
  const close = () => void navigate('/providers')
  useTitle(title)
  const isMissing =
    (!isNew && accounts.isSuccess && !account) || (isNew && slug && kinds.isSuccess && !choice)
  const initial =
    kinds.data && (account ? toFields(account) : isNew && choice && fieldsOf(choice, mode.get() === 'test'))
  return (
    <SidePanel
      of={providerAccountId ?? slug ?? 'new'}
      title="Provider account"
      header={title}
      onClose={close}
      actions={account && <VerifyButton account={account} />}
    >
      {kinds.isError ? (
        <FailureState error={kinds.error} onRetry={() => void kinds.refetch()} />
      ) : isMissing ? (
        <EmptyState
          title="There is no such provider"
          actions={<Button onClick={close}>Show all providers</Button>}
        >
          It may belong to another project, or to another version of this server.
        </EmptyState>
      ) : isNew && !slug ? (
        <ProviderChooser />
      ) : (
        initial && (
          <>
            {account && <AccountState account={account} />}
            <ProviderForm
              key={account?.providerAccountId ?? slug}
              account={account}
              choice={choice}
              initial={initial}
              onClose={close}
            />
          </>
        )
      )}
    </SidePanel>
  )
}

function slugOf({ config }: ProviderAccount): string {
  return config.case === 'service' ? config.value.kind : (config.case ?? '')
}
