import type { ProviderAccount } from '@mainstay/proto/notify/v1'
import type { Price, ProviderHealth } from '@mainstay/proto/notify/v1/routing'
import { Link } from 'react-router'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card, Section } from '../../components/page/page.tsx'
import { formatMicros } from '../../format/money.ts'
import { formatCount, formatShare } from '../../format/number.ts'
import { AccountFlagSwitch } from '../../notify/account-flag.tsx'
import { BreakerMark } from '../../notify/breaker-mark.tsx'
import { useProviderAccounts } from '../../notify/provider-accounts.ts'
import { usePrices, useProviderHealth } from '../../notify/routing.ts'
import { estimateSpend, priceRange, sumRates } from '../../notify/routing-words.ts'
import { mode } from '../../session/mode.ts'

interface Row {
  account: ProviderAccount
  health: ProviderHealth | undefined
  prices: readonly Price[]
  currency: string
}

/** The mode's accounts in the order they are tried: whether each takes messages, what is left, and what it is worth. */
export function AccountHealth() {
  const accounts = useProviderAccounts({ live: true })
  const health = useProviderHealth()
  const prices = usePrices()
  const isTest = mode.use() === 'test'
  const error = accounts.error ?? health.error ?? prices.error
  const rows =
    accounts.data &&
    health.data &&
    prices.data &&
    accounts.data
      .filter((account) => account.test === isTest && account.enabled)
      .map((account) => ({
        account,
        health: health.data.get(account.providerAccountId),
        prices: prices.data.prices.filter((price) => price.providerAccountId === account.providerAccountId),
        currency: prices.data.currency,
      }))
  return (
    <Section
      title={`${isTest ? 'Test' : 'Live'} accounts`}
      aside={
        <Link to="/providers" className="text-xs text-accent underline-offset-2 hover:underline">
          All providers
        </Link>
      }
    >
      <Card>
        {error && !rows ? (
          <FailureNote error={error} className="m-3" />
        ) : rows?.length === 0 ? (
          <p className="px-4 py-6 text-sm text-ink-2">
            No {isTest ? 'test' : 'live'} account is enabled, so {isTest ? 'test' : 'live'} messages wait.
          </p>
        ) : (
          <ListTable
            label="Accounts"
            columns={columns}
            rows={rows}
            rowId={({ account }) => account.providerAccountId}
            rowHref={({ account }) => `/providers/${account.providerAccountId}`}
            compact={(row) => ({
              first: row.account.displayName,
              aside: row.health && <BreakerMark health={row.health} drained={isDrained(row)} />,
              second: (
                <span className="flex flex-wrap gap-x-3">
                  <span>{rateWords(row.health)}</span>
                  <span>{priceWords(row)}</span>
                  <span>{deliveredWords(row)} delivered</span>
                </span>
              ),
              actions: (
                <span className="flex items-center gap-2">
                  <AccountFlagSwitch account={row.account} flag="drained" />
                  Drained
                </span>
              ),
            })}
          />
        )}
      </Card>
    </Section>
  )
}

const columns: ListColumn<Row>[] = [
  { title: 'Account', width: '18%', cell: ({ account }) => account.displayName },
  {
    title: 'State',
    width: '17%',
    cell: (row) => row.health && <BreakerMark health={row.health} drained={isDrained(row)} />,
  },
  { title: 'Free this second', width: '116px', align: 'right', cell: ({ health }) => rateWords(health) },
  { title: 'Price', align: 'right', cell: priceWords },
  { title: 'Delivered', width: '92px', align: 'right', cell: deliveredWords },
  { title: 'Codes used', width: '98px', align: 'right', cell: convertedWords },
  { title: 'Spent in 24 h, about', width: '150px', align: 'right', cell: spendWords },
  {
    title: 'Drained',
    width: '88px',
    align: 'right',
    cell: ({ account }) => (
      <span className="relative z-10 inline-flex align-middle">
        <AccountFlagSwitch account={account} flag="drained" />
      </span>
    ),
  },
]

function isDrained({ account }: Row): boolean {
  return account.routing?.drained ?? false
}

function rateWords(health: ProviderHealth | undefined) {
  if (!health || health.messagesPerSecond === 0) return <span className="text-ink-3">no limit</span>
  return (
    <span className="tabular">
      {formatCount(Math.floor(health.messagesLeft ?? health.messagesPerSecond))} of{' '}
      {formatCount(health.messagesPerSecond)}
    </span>
  )
}

function priceWords({ prices, currency }: Row) {
  const range = priceRange(prices)
  if (!range) return <span className="text-ink-3">none</span>
  const most = formatMicros(range.most, currency)
  return (
    <span className="tabular">
      {range.least === range.most ? most : `${formatMicros(range.least, '')} to ${most}`}
    </span>
  )
}

function deliveredWords({ health }: Row) {
  const { accepted, delivered } = sumRates(health?.rates ?? [])
  return <span className="tabular">{formatShare(delivered, accepted)}</span>
}

function convertedWords({ health }: Row) {
  const { codes, converted } = sumRates(health?.rates ?? [])
  return <span className="tabular">{formatShare(converted, codes)}</span>
}

function spendWords({ health, prices, currency }: Row) {
  const micros = estimateSpend(health?.rates ?? [], prices)
  return micros === undefined ? (
    <span className="text-ink-3">–</span>
  ) : (
    <span className="tabular">{formatMicros(micros, currency)}</span>
  )
}
