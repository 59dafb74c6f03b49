import { BreakerState } from '@mainstay/proto/notify/v1/routing'
import { Link } from 'react-router'
import { Card, Section } from '../../components/page/page.tsx'
import { StateMark, type Tone } from '../../components/state-mark/state-mark.tsx'
import { useProviderAccounts } from '../../notify/provider-accounts.ts'
import { useProviderHealth, useRoutingSettings, useSpendCaps } from '../../notify/routing.ts'
import { percentSpent, scopeWords } from '../../notify/routing-words.ts'

interface Alert {
  tone: Tone
  word: string
  text: string
}

/** What keeps messages from going out, or soon will: nothing is shown while nothing does. */
export function RoutingAlerts() {
  const alerts = useAlerts()
  if (alerts.length === 0) return null
  return (
    <Section
      title="Alerts"
      aside={
        <Link to="/routing" className="text-xs text-accent underline-offset-2 hover:underline">
          Routing
        </Link>
      }
    >
      <Card>
        <ul aria-label="Alerts">
          {alerts.map(({ tone, word, text }) => (
            <li
              key={`${word} ${text}`}
              className="flex flex-wrap gap-x-3 border-line px-4 py-2 text-sm not-first:border-t"
            >
              <span className="w-24 shrink-0">
                <StateMark tone={tone}>{word}</StateMark>
              </span>
              <span className="min-w-0 flex-1 text-ink-2">{text}</span>
            </li>
          ))}
        </ul>
      </Card>
    </Section>
  )
}

function useAlerts(): Alert[] {
  const settings = useRoutingSettings().data
  const caps = useSpendCaps().data ?? []
  const health = useProviderHealth().data
  const accounts = useProviderAccounts({ live: true }).data ?? []
  return [
    ...(settings?.stopped
      ? [
          {
            tone: 'bad' as const,
            word: 'Stopped',
            text: `Nothing goes out${settings.stopReason === '' ? '.' : `: ${settings.stopReason}`}`,
          },
        ]
      : []),
    ...caps
      .filter((cap) => percentSpent(cap) >= 80)
      .map((cap) =>
        percentSpent(cap) >= 100
          ? {
              tone: 'bad' as const,
              word: 'Used up',
              text: `${scopeWords(cap)}: today’s cap is spent, and what comes beyond it waits.`,
            }
          : {
              tone: 'warn' as const,
              word: `${percentSpent(cap)}%`,
              text: `${scopeWords(cap)}: of today’s cap is spent.`,
            },
      ),
    ...accounts
      .filter(({ enabled, providerAccountId }) => {
        const state = health?.get(providerAccountId)?.breakerState
        return enabled && (state === BreakerState.OPEN || state === BreakerState.HALF_OPEN)
      })
      .map(({ displayName, providerAccountId }) => ({
        tone: 'bad' as const,
        word: 'Rests',
        text: `${displayName}: ${health?.get(providerAccountId)?.breakerReason ?? ''}`,
      })),
  ]
}
