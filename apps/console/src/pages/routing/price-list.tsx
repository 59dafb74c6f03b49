import type { Price } from '@mainstay/proto/notify/v1/routing'
import { Upload } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { type ListColumn, ListTable } from '../../components/list-table/list-table.tsx'
import { Card, Section } from '../../components/page/page.tsx'
import { formatMicros } from '../../format/money.ts'
import { useProviderAccounts } from '../../notify/provider-accounts.ts'
import { usePrices } from '../../notify/routing.ts'
import { ImportPricesDialog } from './import-prices-dialog.tsx'

interface Row {
  price: Price
  name: string
  currency: string
}

/** What messages cost, by account, country and prefix, and where a new list is taken in. */
export function PriceList() {
  const prices = usePrices()
  const accounts = useProviderAccounts()
  const [isImporting, setImporting] = useState(false)
  const rows =
    prices.data && accounts.data
      ? prices.data.prices.map((price) => ({
          price,
          currency: prices.data.currency,
          name:
            accounts.data.find((account) => account.providerAccountId === price.providerAccountId)
              ?.displayName ?? price.providerAccountId,
        }))
      : undefined
  return (
    <Section
      title="Prices"
      aside={
        <Button size="sm" disabled={!prices.data} onClick={() => setImporting(true)}>
          <Upload aria-hidden />
          Import prices
        </Button>
      }
    >
      <Card>
        {prices.isError && !rows ? (
          <FailureNote error={prices.error} className="m-3" />
        ) : rows?.length === 0 ? (
          <p className="px-4 py-6 text-sm text-ink-2">
            No prices yet. With them, a message takes the account that costs least for each one that is
            delivered.
          </p>
        ) : (
          <ListTable
            label="Prices"
            columns={columns}
            rows={rows}
            rowId={({ price }) => `${price.providerAccountId} ${price.country} ${price.prefix}`}
            compact={({ price, name, currency }) => ({
              first: name,
              aside: <span className="tabular">{formatMicros(price.priceMicros, currency)}</span>,
              second: whereWords(price),
            })}
          />
        )}
        {prices.data?.nextPageToken && (
          <p className="border-t border-line px-4 py-2 text-xs text-ink-3">
            The first 500. <code className="tabular">GET /v1/prices</code> lists all of them.
          </p>
        )}
      </Card>
      {isImporting && (
        <ImportPricesDialog currency={prices.data?.currency ?? ''} onClose={() => setImporting(false)} />
      )}
    </Section>
  )
}

const columns: ListColumn<Row>[] = [
  { title: 'Account', width: '40%', cell: ({ name }) => name },
  { title: 'Where', cell: ({ price }) => whereWords(price) },
  {
    title: 'A message, or segment',
    align: 'right',
    cell: ({ price, currency }) => (
      <span className="tabular">{formatMicros(price.priceMicros, currency)}</span>
    ),
  },
]

function whereWords({ country, prefix }: Price): string {
  if (prefix !== '') return `Numbers that begin with ${prefix}`
  return country === '' ? 'Everywhere else' : country
}
