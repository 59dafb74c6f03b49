import { useQuery } from '@tanstack/react-query'
import { Send } from 'lucide-react'
import { useSearchParams } from 'react-router'
import { mainstayFor, useScope } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { FailureState } from '../../components/failure/failure-state.tsx'
import { PageHeader, ScrollPage } from '../../components/page/page.tsx'
import { Segmented } from '../../components/segmented/segmented.tsx'
import { Loading } from '../../components/skeleton/skeleton.tsx'
import { useFrameActions } from '../../frame/frame-actions.ts'
import { FirstMessage } from '../../sending/first-message.tsx'
import { ByState } from './by-state.tsx'
import { Charts } from './charts.tsx'
import { Figures } from './figures.tsx'
import { type RangeName, ranges, readRange, windowOf } from './home-range.ts'
import { ProviderOutcomes } from './provider-outcomes.tsx'
import { RecentProblems } from './recent-problems.tsx'
import { RoutingAlerts } from './routing-alerts.tsx'
import { useStats } from './use-stats.ts'

const rangeChoices = (Object.keys(ranges) as RangeName[]).map((value) => ({
  value,
  label: ranges[value].label,
}))

/** How it goes: counts, rates, latency, and what went wrong lately. */
export function Component() {
  const [search, setSearch] = useSearchParams()
  const { openSendTest } = useFrameActions()
  const range = readRange(search.get('range'))
  const stats = useStats(range)
  const hasMessages = useHasMessages()
  const after = new Date(windowOf(range, Date.now()).startMs).toISOString()

  return (
    <ScrollPage>
      <PageHeader title="Home">
        <Segmented
          label="Range"
          value={range}
          choices={rangeChoices}
          onChange={(next) => setSearch(next === '1h' ? {} : { range: next }, { replace: true })}
        />
        <Button kind="primary" onClick={() => openSendTest()}>
          <Send aria-hidden />
          Send a test
        </Button>
      </PageHeader>
      {stats.isError && !stats.data ? (
        <FailureState error={stats.error} onRetry={() => void stats.refetch()} />
      ) : hasMessages.data === false ? (
        <FirstMessage />
      ) : (
        <>
          {stats.isPending && <Loading what="counts" />}
          <RoutingAlerts />
          <Figures stats={stats.data} after={after} />
          <Charts stats={stats.data} range={range} />
          <div className="grid gap-5 lg:grid-cols-[minmax(0,1fr)_minmax(300px,380px)]">
            <RecentProblems />
            <div className="flex min-w-0 flex-col gap-5">
              <ByState stats={stats.data} after={after} />
              <ProviderOutcomes />
            </div>
          </div>
        </>
      )}
    </ScrollPage>
  )
}

/** Whether the project has any message of the mode: without one, Home teaches how to send it. */
function useHasMessages() {
  const [project, modeName] = useScope()
  return useQuery({
    queryKey: ['has-messages', project, modeName],
    queryFn: async ({ signal }) => {
      const { messages } = await mainstayFor(modeName).notify.listMessages(
        { pageSize: 1, filter: { live: modeName === 'live' } },
        { signal },
      )
      return messages.length > 0
    },
    refetchInterval: ({ state }) => (state.data ? false : 2_000),
  })
}
