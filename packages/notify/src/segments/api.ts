import type { JsonObject } from '@bufbuild/protobuf'
import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { type PageTokens, pageLimit } from '@mainstay/kernel'
import type { Recipients, Segment } from '@mainstay/proto/notify/v1/recipients'
import type { Handlers } from '@mainstay/rpc'
import { toRecipient } from '../recipients/recipient-message.ts'
import {
  createSegments,
  requireRule,
  ruleOfSegment,
  type SegmentsDeps,
  type WantedSegment,
} from './service.ts'
import { listSegments, type SegmentRow } from './store.ts'

type SegmentMethod =
  | 'createSegment'
  | 'updateSegment'
  | 'getSegment'
  | 'listSegments'
  | 'deleteSegment'
  | 'previewSegment'

/** The methods of segments. */
export function segmentHandlers(
  deps: SegmentsDeps & { pageTokens: PageTokens },
): Pick<Handlers<typeof Recipients>, SegmentMethod> {
  const { db, pageTokens } = deps
  const segments = createSegments(deps)
  return {
    async createSegment({ segment }, ctx) {
      return toSegment(await segments.create(ctx, toWanted(segment)))
    },
    async updateSegment({ segment, updateMask }, ctx) {
      return toSegment(await segments.update(ctx, toWanted(segment), updateMask?.paths ?? []))
    },
    async getSegment({ segment }, { projectId }) {
      return toSegment(await segments.get(projectId, segment))
    },
    async listSegments({ pageSize, pageToken }, { method, projectId }) {
      const scope = { method, projectId }
      const [after = null] = (pageTokens.read(scope, pageToken) ?? []) as [string?]
      const limit = pageLimit(pageSize)
      const found = await listSegments(db, projectId, after, limit + 1)
      const { rows, nextPageToken } = pageTokens.cut(scope, found, limit, (last) => [last.segment])
      return { segments: rows.map(toSegment), nextPageToken }
    },
    async deleteSegment({ segment }, ctx) {
      await segments.remove(ctx, segment)
      return {}
    },
    async previewSegment({ of }, { projectId }) {
      const rule =
        of.case === 'segment' ? await ruleOfSegment(db, projectId, of.value) : requireRule(of.value, 'rule')
      const { count, estimated, sample } = await segments.preview(projectId, rule)
      return { count: BigInt(Math.round(count)), estimated, sample: sample.map(toRecipient) }
    },
  }
}

function toWanted(segment: Segment | undefined): WantedSegment {
  const { segment: id = '', displayName = '', description = '', rule, etag = '' } = segment ?? {}
  return { segment: id, displayName, description, rule, etag }
}

function toSegment(row: SegmentRow) {
  return {
    segment: row.segment,
    displayName: row.display_name,
    description: row.description,
    rule: row.rule as JsonObject,
    etag: String(row.revision),
    createTime: timestampFromDate(row.create_time),
    updateTime: timestampFromDate(row.update_time),
  }
}
