import { ExpectedRow } from './expected-row.tsx'
import { Lifeline } from './lifeline.tsx'
import { type ExpectedEvent, endMs, type TimelineEvent } from './timeline-event.ts'
import { TimelineRow } from './timeline-row.tsx'

/** A wait shorter than this is not worth a line of its own. */
const notableWaitMs = 1_000

/**
 * Everything that happened, oldest first: on the left when and for how long, on the rail who, on the right one line
 * that opens to the whole payload. The strip above it is the same story to scale.
 */
export function Timeline({
  label,
  events,
  expected,
}: {
  label: string
  events: readonly TimelineEvent[]
  expected?: ExpectedEvent | undefined
}) {
  const first = events[0]
  if (!first) return null
  return (
    <div>
      <Lifeline events={events} open={expected !== undefined || events.at(-1)?.running === true} />
      <ol aria-label={label} className="mt-5">
        {events.map((event, index) => {
          const before = events[index - 1]
          const waitedMs = before ? event.atMs - endMs(before) : 0
          return (
            <TimelineRow
              key={event.id}
              event={event}
              sinceStartMs={event.atMs - first.atMs}
              waitedMs={waitedMs >= notableWaitMs ? waitedMs : undefined}
              isFirst={index === 0}
              isLast={index === events.length - 1 && !expected}
            />
          )
        })}
        {expected && <ExpectedRow expected={expected} />}
      </ol>
    </div>
  )
}
