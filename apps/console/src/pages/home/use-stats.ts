import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { MessageState, type MessageStats } from '@mainstay/proto/notify/v1'
import { useQuery } from '@tanstack/react-query'
import { mainstayFor, useScope } from '../../api/mainstay.ts'
import type { TimeSeries } from '../../components/chart/time-series.ts'
import { toMs } from '../../format/time.ts'
import { problemStates } from '../../notify/message-states.ts'
import { type RangeName, ranges, windowOf } from './home-range.ts'

/** The counts of a range, asked again as often as they can look different. */
export function useStats(range: RangeName) {
  const [project, modeName] = useScope()
  return useQuery({
    queryKey: ['stats', range, project, modeName],
    async queryFn({ signal }) {
      const { startMs, endMs, points } = windowOf(range, Date.now())
      return mainstayFor(modeName).notify.getMessageStats(
        {
          startTime: timestampFromMs(startMs),
          endTime: timestampFromMs(endMs),
          pointCount: points,
          live: modeName === 'live',
        },
        { signal },
      )
    },
    refetchInterval: ranges[range].refreshMs,
    // Another range may show the last one's numbers for a moment; another project or mode never.
    placeholderData: (previous, query) =>
      query?.queryKey[2] === project && query.queryKey[3] === modeName ? previous : undefined,
  })
}

/** What the figures of Home say. */
export interface Totals {
  accepted: number
  arrived: number
  problems: number
  unknown: number
}

export function totalsOf(stats: MessageStats): Totals {
  const count = (states: readonly MessageState[]) =>
    stats.stateCounts
      .filter((one) => states.includes(one.state))
      .reduce((sum, one) => sum + Number(one.count), 0)
  return {
    accepted: stats.stateCounts.reduce((sum, one) => sum + Number(one.count), 0),
    arrived: count([MessageState.SENT, MessageState.DELIVERED]),
    problems: count(problemStates.filter((state) => state !== MessageState.UNKNOWN)),
    unknown: count([MessageState.UNKNOWN]),
  }
}

/** The points as two charts. The last point is the span under way: half a minute must not look like a dip. */
export function chartsOf(stats: MessageStats, range: RangeName): { rate: TimeSeries; problems: TimeSeries } {
  const { points } = stats
  const startMs = points.map((point) => toMs(point.startTime) ?? 0)
  const { spanMs } = ranges[range]
  return {
    rate: {
      startMs,
      spanMs,
      running: true,
      series: [
        {
          label: 'Accepted',
          colour: '--series-2',
          values: points.map((point) => Number(point.acceptedCount)),
        },
        {
          label: 'Arrived',
          colour: '--series-1',
          filled: true,
          values: points.map((point) => Number(point.sentCount)),
        },
      ],
    },
    problems: {
      startMs,
      spanMs,
      running: true,
      series: [
        {
          label: 'Did not arrive',
          colour: '--series-3',
          filled: true,
          values: points.map((point) => Number(point.failedCount)),
        },
      ],
    },
  }
}
