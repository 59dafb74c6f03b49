import type { MessageInitShape } from '@bufbuild/protobuf'
import { durationFromMs, timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt'
import { appError, type Executor } from '@mainstay/kernel'
import { type GetMessageStatsRequest, MessageState, type MessageStatsSchema } from '@mainstay/proto/notify/v1'
import { reasons } from '../errors.ts'
import { countByPart, countWaiting, findLatencies, type StatsSpan } from './stats-store.ts'

const HOUR_MS = 3_600_000
const LONGEST_SPAN_MS = 31 * 24 * HOUR_MS

const { ACCEPTED, SCHEDULED, QUEUED, SENDING, SENT, DELIVERED, SUPPRESSED, SKIPPED, CANCELLED } = MessageState

/** Neither good nor bad: nobody wanted them sent. */
const LEFT_OUT: ReadonlySet<number> = new Set([SUPPRESSED, SKIPPED, CANCELLED])

/** Counts a project's messages over a span of at most 31 days. Throws `notify.request_invalid` for another span. */
export async function readStats(
  executor: Executor,
  projectId: string,
  request: GetMessageStatsRequest,
  nowMs: number,
): Promise<MessageInitShape<typeof MessageStatsSchema>> {
  const span = readSpan(projectId, request, nowMs)
  const pointCount = request.pointCount || 60
  const [parts, waiting, latencies] = await Promise.all([
    countByPart(executor, span, pointCount),
    countWaiting(executor, span, new Date(nowMs)),
    findLatencies(executor, span),
  ])
  const states = new Map<MessageState, number>()
  const points = Array.from({ length: pointCount }, () => ({ accepted: 0, sent: 0, failed: 0 }))
  for (const { part, state, count } of parts) {
    states.set(state, (states.get(state) ?? 0) + count)
    const point = points[part]
    if (point === undefined) continue
    point.accepted += count
    if (state === SENT || state === DELIVERED) point.sent += count
    else if (state !== ACCEPTED && !LEFT_OUT.has(state)) point.failed += count
  }
  splitAccepted(states, waiting)
  const stepMs = (span.endMs - span.startMs) / pointCount
  return {
    stateCounts: [...states]
      .sort(([a], [b]) => a - b)
      .map(([state, count]) => ({ state, count: BigInt(count) })),
    points: points.map(({ accepted, sent, failed }, index) => ({
      startTime: timestampFromMs(Math.round(span.startMs + index * stepMs)),
      acceptedCount: BigInt(accepted),
      sentCount: BigInt(sent),
      failedCount: BigInt(failed),
    })),
    queueDepth: BigInt(waiting.depth),
    ...(latencies && {
      latencyP50: durationFromMs(Math.max(0, Math.round(latencies[0]))),
      latencyP95: durationFromMs(Math.max(0, Math.round(latencies[1]))),
      latencyP99: durationFromMs(Math.max(0, Math.round(latencies[2]))),
    }),
  }
}

/** Of accepted messages the queue knows where they stand. */
function splitAccepted(
  states: Map<MessageState, number>,
  { scheduled, queued, sending }: { scheduled: number; queued: number; sending: number },
): void {
  const rest = (states.get(ACCEPTED) ?? 0) - scheduled - queued - sending
  states.delete(ACCEPTED)
  for (const [state, count] of [
    [ACCEPTED, rest],
    [SCHEDULED, scheduled],
    [QUEUED, queued],
    [SENDING, sending],
  ] as const) {
    // The counts are read in three statements: messages that moved in between can make the rest negative.
    if (count > 0) states.set(state, count)
  }
}

function readSpan(projectId: string, request: GetMessageStatsRequest, nowMs: number): StatsSpan {
  const endMs = request.endTime ? timestampMs(request.endTime) : nowMs
  const startMs = request.startTime ? timestampMs(request.startTime) : endMs - HOUR_MS
  if (startMs < 0 || startMs >= endMs) throw invalid('startTime', 'must be before endTime')
  if (endMs - startMs > LONGEST_SPAN_MS) throw invalid('startTime', 'must be at most 31 days before endTime')
  return { projectId, startMs, endMs, live: request.live }
}

function invalid(field: string, description: string) {
  return appError(reasons, 'notify.request_invalid', `The span is not valid. ${field} ${description}.`, {
    violations: [{ field, description }],
  })
}
