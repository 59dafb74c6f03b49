import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate, timestampFromMs } from '@bufbuild/protobuf/wkt'
import { idTimeMs, type PageTokens, pageLimit, toTypeId } from '@mainstay/kernel'
import {
  ScheduleSchema,
  Schedules as SchedulesService,
  TimingSchema,
} from '@mainstay/proto/notify/v1/schedules'
import { type Implementation, implement } from '@mainstay/rpc'
import { formatLocal } from './local-time.ts'
import type { Schedules } from './service.ts'
import { readSpec } from './spec.ts'
import type { ScheduleRow } from './store.ts'

/** The Schedules service: messages in, service calls, messages out. */
export function implementSchedules({
  schedules,
  pageTokens,
}: {
  schedules: Schedules
  pageTokens: PageTokens
}): Implementation {
  return implement(SchedulesService, {
    async createSchedule({ schedule = create(ScheduleSchema) }, ctx) {
      return toSchedule(await schedules.create(ctx, schedule))
    },
    async getSchedule({ scheduleId }, ctx) {
      return toSchedule(await schedules.get(ctx, scheduleId))
    },
    async listSchedules({ pageSize, pageToken }, ctx) {
      const { method, projectId } = ctx
      const scope = { method, projectId, filter: { live: !ctx.caller.testMode } }
      const [before = null] = (pageTokens.read(scope, pageToken) ?? []) as [string?]
      const limit = pageLimit(pageSize)
      const found = await schedules.list(ctx, before, limit + 1)
      const { rows, nextPageToken } = pageTokens.cut(scope, found, limit, (last) => [last.scheduleId])
      return { schedules: rows.map(toSchedule), nextPageToken }
    },
    async updateSchedule({ schedule = create(ScheduleSchema), updateMask }, ctx) {
      return toSchedule(await schedules.update(ctx, schedule, updateMask?.paths ?? []))
    },
    async deleteSchedule({ scheduleId }, ctx) {
      await schedules.delete(ctx, scheduleId)
      return {}
    },
    async previewSchedule({ timing = create(TimingSchema), count }) {
      const occurrences = await schedules.preview(timing, count || 5)
      return {
        occurrences: occurrences.map(({ local, timeMs }) => ({
          localTime: formatLocal(local),
          time: timestampFromMs(timeMs),
        })),
      }
    },
  })
}

function toSchedule(row: ScheduleRow): MessageInitShape<typeof ScheduleSchema> {
  const { timing, audience, action } = readSpec(row.spec)
  return {
    scheduleId: toTypeId('sch', row.scheduleId),
    displayName: row.displayName,
    ...(timing && { timing }),
    audience,
    action,
    misfirePolicy: row.misfirePolicy,
    state: row.state,
    ...(row.nextTime && { nextTime: timestampFromDate(row.nextTime) }),
    ...(row.lastTime && { lastTime: timestampFromDate(row.lastTime) }),
    occurrenceCount: row.occurrenceCount,
    madeCount: BigInt(row.madeCount),
    failedCount: BigInt(row.failedCount),
    lastError: row.lastError,
    live: row.live,
    etag: String(row.version),
    createTime: timestampFromMs(idTimeMs(row.scheduleId)),
    updateTime: timestampFromDate(row.updateTime),
  }
}
