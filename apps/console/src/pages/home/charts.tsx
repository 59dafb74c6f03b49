import type { MessageStats } from '@mainstay/proto/notify/v1'
import { lazy, Suspense, useMemo } from 'react'
import { useNavigate } from 'react-router'
import { Card } from '../../components/page/page.tsx'
import { Skeleton } from '../../components/skeleton/skeleton.tsx'
import { type RangeName, ranges } from './home-range.ts'
import { chartsOf } from './use-stats.ts'

// The plotting library is a fifth of the page's code; the figures need none of it.
const TimeChart = lazy(() =>
  import('../../components/chart/time-chart.tsx').then((module) => ({ default: module.TimeChart })),
)

/** What came in, what arrived and what did not, over the range. A picked span leads to its messages. */
export function Charts({ stats, range }: { stats: MessageStats | undefined; range: RangeName }) {
  const navigate = useNavigate()
  const charts = useMemo(() => stats && chartsOf(stats, range), [stats, range])
  function showRows(fromMs: number, toMs: number): void {
    const query = new URLSearchParams({
      after: new Date(fromMs).toISOString(),
      before: new Date(toMs).toISOString(),
    })
    void navigate(`/messages?${query}`)
  }
  if (!charts) return <ChartsSkeleton />
  return (
    <Suspense fallback={<ChartsSkeleton />}>
      <Card className="[&>*+*]:border-t">
        <TimeChart
          label={ranges[range].title}
          data={charts.rate}
          height={196}
          syncKey="home"
          onPick={showRows}
        />
        <TimeChart label="Problems" data={charts.problems} height={104} syncKey="home" onPick={showRows} />
      </Card>
    </Suspense>
  )
}

function ChartsSkeleton() {
  return (
    <Card className="h-[384px] p-4">
      <Skeleton className="w-40" />
      <Skeleton className="mt-5 h-[300px] w-full" />
    </Card>
  )
}
