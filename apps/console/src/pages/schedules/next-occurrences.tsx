import { Schedules } from '@mainstay/proto/notify/v1/schedules'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useDeferredValue } from 'react'
import { describeFailure } from '../../api/failure.ts'
import { serviceOf } from '../../api/mainstay.ts'
import { formatAbsolute, toMs } from '../../format/time.ts'
import { type TimingFields, toTiming } from './schedule-words.ts'

/** The next five times of what is being written, as it is being written. */
export function NextOccurrences({ fields }: { fields: TimingFields }) {
  const { kind, when, timezone, recipientTimezone } = fields
  const asked = useDeferredValue(JSON.stringify({ kind, when, timezone, recipientTimezone }))
  const preview = useQuery({
    queryKey: ['schedule-preview', asked],
    queryFn: ({ signal }) =>
      serviceOf(Schedules).previewSchedule(
        { timing: toTiming(JSON.parse(asked) as TimingFields), count: 5 },
        { signal },
      ),
    placeholderData: keepPreviousData,
    enabled: when.trim() !== '',
    retry: 0,
  })
  const times = preview.data?.occurrences ?? []
  return (
    <section
      aria-label="Next times"
      aria-live="polite"
      className="rounded-md border border-line bg-raised px-3 py-2.5"
    >
      <h3 className="text-xs font-medium text-ink-2">
        {recipientTimezone ? 'Next times, for recipients without a time zone' : 'Next times'}
      </h3>
      {preview.isError ? (
        <p className="mt-1 text-sm text-danger">{describeFailure(preview.error).message}</p>
      ) : times.length === 0 ? (
        <p className="mt-1 text-sm text-ink-3">
          {preview.isPending ? 'Looking…' : 'It does not happen any more.'}
        </p>
      ) : (
        <ol className="mt-1 flex flex-col gap-0.5 tabular text-sm">
          {times.map(({ localTime, time }) => (
            <li key={localTime} className="flex flex-wrap justify-between gap-x-4">
              <span>{localTime.replace('T', ' ')}</span>
              <span className="text-ink-3">{formatAbsolute(toMs(time) ?? 0)}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
