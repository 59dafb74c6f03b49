import type { ProviderAccount } from '@mainstay/proto/notify/v1'
import type { ProviderKind } from '@mainstay/proto/notify/v1/provider-kinds'
import { Plus } from 'lucide-react'
import { useMemo } from 'react'
import { Outlet, useNavigate, useParams } from 'react-router'
import { ButtonLink } from '../../components/button/button.tsx'
import { EmptyState } from '../../components/empty-state/empty-state.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { useHotkeys } from '../../components/hotkeys/use-hotkeys.ts'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { OutcomeBar } from '../../components/outcome-bar/outcome-bar.tsx'
import { Card, PageHeader } from '../../components/page/page.tsx'
import { ChannelMarks } from '../../notify/channel-mark.tsx'
import { useProviderAccounts } from '../../notify/provider-accounts.ts'
import { kindTitle, useProviderKinds } from '../../notify/provider-kinds.ts'
import { EnabledSwitch } from './enabled-switch.tsx'
import { addressOf } from './provider-address.ts'
import { VerifyButton } from './verify-button.tsx'

/** The accounts that messages are handed to, in the order they are tried. */
export function Component() {
  const navigate = useNavigate()
  const { providerAccountId } = useParams()
  const accounts = useProviderAccounts({ live: true })
  const kinds = useProviderKinds().data
  const columns = useMemo(() => columnsWith(kinds), [kinds])
  useHotkeys({ escape: () => void navigate('/providers') })
  const add = (
    <ButtonLink kind="primary" to="/providers/new">
      <Plus aria-hidden />
      Add provider
    </ButtonLink>
  )
  return (
    <div className="flex h-full min-h-0">
      <div className="min-w-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex w-full max-w-[1440px] flex-col gap-5 px-4 py-5 md:px-6">
          <PageHeader title="Providers">{add}</PageHeader>
          {accounts.isError && !accounts.data ? (
            <FailureState error={accounts.error} onRetry={() => void accounts.refetch()} />
          ) : accounts.data?.length === 0 ? (
            <EmptyState title="No providers yet" actions={add}>
              Messages are handed to a provider account: at a service for mail, SMS, WhatsApp, push, chat or
              webhooks, at an SMTP server, or at an HTTP endpoint of your own. Without one, live messages wait
              in the queue.
            </EmptyState>
          ) : (
            <Card>
              <ListTable
                label="Provider accounts"
                columns={columns}
                rows={accounts.data}
                rowId={(account) => account.providerAccountId}
                rowHref={(account) => `/providers/${account.providerAccountId}`}
                openId={providerAccountId}
                dim={(account) => !account.enabled}
                compact={(account) => ({
                  first: account.displayName,
                  aside: account.test ? 'Test' : 'Live',
                  second: (
                    <>
                      <p className="mb-1.5 flex flex-wrap gap-x-3">
                        <ChannelMarks channels={account.channels} />
                        <span className="min-w-0 truncate">
                          {[kindTitle(account, kinds), addressOf(account)].filter(Boolean).join(', ')}
                        </span>
                      </p>
                      <OutcomeBar counts={account} />
                    </>
                  ),
                  actions: (
                    <>
                      <VerifyButton account={account} />
                      <span className="flex items-center gap-2">
                        <EnabledSwitch account={account} />
                        {account.enabled ? 'Enabled' : 'Disabled'}
                      </span>
                    </>
                  ),
                })}
              />
            </Card>
          )}
        </div>
      </div>
      <Outlet />
    </div>
  )
}

const columnsWith = (kinds: readonly ProviderKind[] | undefined): ListColumn<ProviderAccount>[] => [
  { title: 'Name', width: '19%', cell: (account) => account.displayName },
  {
    title: 'Channel',
    width: '118px',
    cell: (account) => <ChannelMarks channels={account.channels} />,
  },
  {
    title: 'Provider',
    cell: (account) => (
      <span className="text-ink-2" title={addressOf(account)}>
        {kindTitle(account, kinds)} <span className="tabular text-xs text-ink-3">{addressOf(account)}</span>
      </span>
    ),
  },
  { title: 'For', width: '68px', cell: (account) => (account.test ? 'Test' : 'Live') },
  {
    title: 'Priority',
    width: '80px',
    align: 'right',
    cell: (account) => <span className="tabular">{account.priority}</span>,
  },
  { title: 'Last 24 hours', width: '22%', cell: (account) => <OutcomeBar counts={account} /> },
  {
    title: 'Check',
    width: '104px',
    untitled: true,
    align: 'right',
    cell: (account) => (
      <span className="relative z-10">
        <VerifyButton account={account} />
      </span>
    ),
  },
  {
    title: 'Enabled',
    width: '88px',
    align: 'right',
    cell: (account) => (
      <span className="relative z-10 inline-flex align-middle">
        <EnabledSwitch account={account} />
      </span>
    ),
  },
]
