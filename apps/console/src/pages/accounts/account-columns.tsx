import { type Account, type AccountState, IdentifierType } from '@mainstay/proto/identity/v1/accounts'
import type { Column } from '../../components/data-table/columns.ts'
import { StateMark } from '../../components/state-mark/state-mark.tsx'
import { RelativeTime } from '../../components/time/relative-time.tsx'
import { accountStates } from './account-states.ts'
import { nameOf } from './use-accounts.ts'

/** The columns of the list: who, how they sign in, and whether they may. */
export const accountColumns: Column<Account>[] = [
  {
    id: 'name',
    title: 'Account',
    cell: (account) =>
      nameOf(account) === account.accountId ? (
        <span className="tabular text-xs">{account.accountId}</span>
      ) : (
        nameOf(account)
      ),
  },
  {
    id: 'kind',
    title: 'Kind',
    width: '112px',
    cell: ({ kind }) => <span className="text-ink-2">{kind}</span>,
  },
  { id: 'state', title: 'State', width: '104px', cell: ({ state }) => <AccountStateMark state={state} /> },
  {
    id: 'phone',
    title: 'Phone',
    width: '148px',
    fromPx: 720,
    cell: (account) => (
      <span className="tabular text-xs text-ink-2">{addressOf(account, IdentifierType.PHONE)}</span>
    ),
  },
  {
    id: 'email',
    title: 'Email',
    width: '24%',
    fromPx: 900,
    cell: (account) => <span className="text-ink-2">{addressOf(account, IdentifierType.EMAIL)}</span>,
  },
  {
    id: 'id',
    title: 'Id',
    width: '252px',
    hiddenAtFirst: true,
    cell: ({ accountId }) => <span className="tabular text-xs text-ink-2">{accountId}</span>,
  },
  {
    id: 'signed-in',
    title: 'Signed in',
    width: '112px',
    align: 'right',
    fromPx: 560,
    cell: ({ lastSignInTime }) => (
      <span className="text-ink-2">
        <RelativeTime time={lastSignInTime} otherwise="never" />
      </span>
    ),
  },
  {
    id: 'created',
    title: 'Created',
    width: '112px',
    align: 'right',
    fromPx: 820,
    cell: ({ createTime }) => (
      <span className="text-ink-2">
        <RelativeTime time={createTime} />
      </span>
    ),
  },
]

/** The row on a phone: who, then of what kind and when they were here. */
export function compactAccount(account: Account) {
  return {
    first: nameOf(account),
    aside: <AccountStateMark state={account.state} />,
    second: (
      <span className="min-w-0 flex-1 truncate">
        {account.kind} · signed in <RelativeTime time={account.lastSignInTime} otherwise="never" />
      </span>
    ),
  }
}

export function AccountStateMark({ state, badge = false }: { state: AccountState; badge?: boolean }) {
  const { word, tone } = accountStates.get(state) ?? { word: 'Unknown', tone: 'quiet' as const }
  return (
    <StateMark tone={tone} badge={badge}>
      {word}
    </StateMark>
  )
}

function addressOf({ identifiers }: Account, type: IdentifierType): string {
  return identifiers.find((identifier) => identifier.type === type)?.value ?? ''
}
