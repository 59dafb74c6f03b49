import type { ProviderAccount } from '@mainstay/proto/notify/v1'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { Facts } from '../../components/facts/facts.tsx'
import { formatCount, formatShare } from '../../format/number.ts'
import { AccountFlagSwitch } from '../../notify/account-flag.tsx'
import { BreakerMark } from '../../notify/breaker-mark.tsx'
import { useProviderHealth } from '../../notify/routing.ts'
import { sumRates } from '../../notify/routing-words.ts'

/** How an account fares right now, and what can be switched about it at once. */
export function AccountState({ account }: { account: ProviderAccount }) {
  const health = useProviderHealth().data?.get(account.providerAccountId)
  const { accepted, delivered, codes, converted } = sumRates(health?.rates ?? [])
  return (
    <section aria-label="Right now" className="flex flex-col gap-3 border-b border-line px-4 py-4 lg:px-5">
      <Facts
        rows={[
          ['State', health && <BreakerMark health={health} drained={account.routing?.drained ?? false} />],
          ['Why', health?.breakerReason],
          [
            'This second',
            health && health.messagesPerSecond > 0
              ? `${formatCount(Math.floor(health.messagesLeft ?? 0))} of ${formatCount(health.messagesPerSecond)} messages left`
              : '',
          ],
          [
            'Delivered',
            accepted > 0 && `${formatShare(delivered, accepted)} of ${formatCount(accepted)} in 24 h`,
          ],
          ['Codes used', codes > 0 && `${formatShare(converted, codes)} of ${formatCount(codes)} in 24 h`],
        ]}
      />
      <Flag
        title="Drained"
        help="It gets no new messages, for maintenance. What is under way ends."
        control={<AccountFlagSwitch account={account} flag="drained" />}
      />
      {account.config.case === 'sandbox' && (
        <Flag
          title="Broken"
          help="It refuses every message, as a provider does that is down: see how messages wait or go on through another account."
          control={<AccountFlagSwitch account={account} flag="broken" />}
        />
      )}
      <Link to="/routing" className="text-xs text-accent underline-offset-2 hover:underline">
        Prices, caps and pins
      </Link>
    </section>
  )
}

function Flag({ title, help, control }: { title: string; help: string; control: ReactNode }) {
  return (
    <div className="flex items-start gap-3 text-sm">
      <span className="mt-0.5">{control}</span>
      <div className="min-w-0">
        <p>{title}</p>
        <p className="text-xs text-ink-3">{help}</p>
      </div>
    </div>
  )
}
