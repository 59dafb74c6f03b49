import { Link } from 'react-router'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { OutcomeBar } from '../../components/outcome-bar/outcome-bar.tsx'
import { Card, Section } from '../../components/page/page.tsx'
import { Skeleton } from '../../components/skeleton/skeleton.tsx'
import { useProviderAccounts } from '../../notify/provider-accounts.ts'
import { mode } from '../../session/mode.ts'

/** How each enabled provider account of the mode fared in the last 24 hours. */
export function ProviderOutcomes() {
  const accounts = useProviderAccounts({ live: true })
  const isTest = mode.use() === 'test'
  const enabled = accounts.data?.filter((account) => account.enabled && account.test === isTest)
  return (
    <Section title="Providers, last 24 hours">
      <Card>
        {accounts.isError ? (
          <FailureNote error={accounts.error} className="m-3" />
        ) : !enabled ? (
          <div className="flex flex-col gap-4 p-4">
            <Skeleton className="w-1/2" />
            <Skeleton className="w-full" />
          </div>
        ) : enabled.length === 0 ? (
          <p className="px-4 py-6 text-sm text-ink-2">
            No {isTest ? 'test' : 'live'} provider is enabled, so {isTest ? 'test' : 'live'} messages wait.
          </p>
        ) : (
          <ul>
            {enabled.map((account) => (
              <li
                key={account.providerAccountId}
                className="relative border-line px-4 py-2.5 text-sm not-first:border-t hover:bg-hover"
              >
                <Link
                  to={`/providers/${account.providerAccountId}`}
                  className="stretched mb-1.5 block truncate"
                >
                  {account.displayName}
                </Link>
                <OutcomeBar counts={account} />
              </li>
            ))}
          </ul>
        )}
      </Card>
    </Section>
  )
}
