import { type Account, AccountState } from '@mainstay/proto/identity/v1/accounts'
import { useState } from 'react'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { Copyable } from '../../components/copy/copy-button.tsx'
import { Facts } from '../../components/facts/facts.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { JsonView } from '../../components/json-view/json-view.tsx'
import { Section, useTitle } from '../../components/page/page.tsx'
import { SidePanel } from '../../components/side-panel/side-panel.tsx'
import { Loading, Skeleton } from '../../components/skeleton/skeleton.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { AccountActions, type AccountDialog, AccountDialogs } from './account-actions.tsx'
import { AccountStateMark } from './account-columns.tsx'
import { AccountHistory } from './account-history.tsx'
import { IdentifierList } from './identifier-list.tsx'
import { SessionList } from './session-list.tsx'
import { nameOf, useAccount } from './use-accounts.ts'

/** One account beside the list: who it is, how it signs in, where it is signed in, and what happened to it. */
export function Component() {
  const { accountId = '' } = useParams()
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const [dialog, setDialog] = useState<AccountDialog>()
  const found = useAccount(accountId)
  const account = found.data
  const close = () => void navigate({ pathname: '/accounts', search: search.toString() })
  useTitle(account ? nameOf(account) : 'Account')
  return (
    <SidePanel
      of={accountId}
      title="Account"
      header={account ? nameOf(account) : 'Account'}
      onClose={close}
      actions={account && <AccountActions account={account} onChoose={setDialog} />}
    >
      {found.isError ? (
        <FailureState error={found.error} onRetry={() => void found.refetch()} />
      ) : !account ? (
        <PanelSkeleton />
      ) : (
        <div className="flex flex-col gap-6 px-4 pt-4 pb-10 lg:px-5">
          <AccountFacts account={account} />
          {account.state !== AccountState.DELETED && <IdentifierList identifiers={account.identifiers} />}
          <SessionList account={account} onEndAll={() => setDialog('end-all')} />
          {Object.keys(account.attributes ?? {}).length > 0 && (
            <Section title="Attributes">
              <JsonView label="Attributes" value={account.attributes ?? {}} />
            </Section>
          )}
          <AccountHistory key={accountId} accountId={accountId} />
        </div>
      )}
      {account && dialog && (
        <AccountDialogs account={account} dialog={dialog} onClose={() => setDialog(undefined)} />
      )}
    </SidePanel>
  )
}

function AccountFacts({ account }: { account: Account }) {
  const { accountId, personId, kind, state, locale, banReason, banTime } = account
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-2 text-sm text-ink-2">
        <AccountStateMark state={state} badge />
        {banTime && <RelativeTime time={banTime} />}
      </div>
      {banReason !== '' && (
        <p className="rounded-md bg-sunken px-3 py-2 text-sm [overflow-wrap:anywhere]">{banReason}</p>
      )}
      <Facts
        rows={[
          ['Id', <Copyable key="id" text={accountId} what="account id" />],
          ['Person', <Copyable key="person" text={personId} what="person id" />],
          ['Kind', kind],
          ['Language', locale],
          ['Signed in', <RelativeTime key="in" time={account.lastSignInTime} otherwise="never" />],
          ['Created', <RelativeTime key="created" time={account.createTime} />],
          ['To be deleted', account.deleteDueTime && <RelativeTime key="due" time={account.deleteDueTime} />],
          ['Changed', <RelativeTime key="changed" time={account.updateTime} />],
        ]}
      />
    </div>
  )
}

function PanelSkeleton() {
  return (
    <div className="flex flex-col gap-4 p-5">
      <Loading what="account" />
      {['w-2/3', 'w-1/2', 'w-3/5', 'w-1/3'].map((width) => (
        <Skeleton key={width} className={width} />
      ))}
    </div>
  )
}
