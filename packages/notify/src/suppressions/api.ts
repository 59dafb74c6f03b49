import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt'
import { type PageTokens, pageLimit, toTypeId } from '@mainstay/kernel'
import type { Notify } from '@mainstay/proto/notify/v1'
import type { SuppressionSchema } from '@mainstay/proto/notify/v1/suppressions'
import type { Handlers } from '@mainstay/rpc'
import { PROVIDER_CHANNELS, providerChannelName } from '../providers/outgoing.ts'
import { createSuppressions, type SuppressionsDeps } from './service.ts'
import type { SuppressionRow } from './store.ts'

/** The suppression methods of the contract. */
export function suppressionHandlers(
  deps: SuppressionsDeps & { pageTokens: PageTokens },
): Pick<Handlers<typeof Notify>, 'createSuppression' | 'listSuppressions' | 'deleteSuppression'> {
  const { pageTokens } = deps
  const suppressions = createSuppressions(deps)
  return {
    async createSuppression({ channel, address, detail, expireTime, live }, ctx) {
      const wanted = {
        channel: PROVIDER_CHANNELS.find((name) => toName(name) === channel) ?? 'email',
        address,
        detail,
        expireTime: expireTime === undefined ? null : timestampDate(expireTime),
        live: live ?? !ctx.caller.testMode,
      }
      return toMessage(await suppressions.create(ctx, wanted))
    },
    async listSuppressions({ pageSize, pageToken, channel, address, reason, live }, { method, projectId }) {
      const number = PROVIDER_CHANNELS.findIndex((name) => toName(name) === channel) + 1
      const filter = { channel: number, address, reason, live: live ?? null }
      const scope = { method, projectId, filter }
      const [beforeId = null] = (pageTokens.read(scope, pageToken) ?? []) as [string?]
      const limit = pageLimit(pageSize)
      const found = await suppressions.list(projectId, { ...filter, beforeId, limit: limit + 1 })
      const { rows, nextPageToken } = pageTokens.cut(scope, found, limit, (last) => [last.suppression_id])
      return { suppressions: rows.map(toMessage), nextPageToken }
    },
    async deleteSuppression({ suppressionId }, ctx) {
      await suppressions.remove(ctx, suppressionId)
      return {}
    },
  }
}

function toName(channel: (typeof PROVIDER_CHANNELS)[number]): string {
  return `CHANNEL_${channel.toUpperCase()}`
}

function toMessage(row: SuppressionRow): MessageInitShape<typeof SuppressionSchema> {
  return {
    suppressionId: toTypeId('sup', row.suppression_id),
    channel: toName(providerChannelName(row.channel) ?? 'email'),
    address: row.address,
    reason: row.reason,
    detail: row.detail,
    live: row.live,
    actor: row.actor,
    providerAccountId: row.provider_account_id === null ? '' : toTypeId('pac', row.provider_account_id),
    messageId: row.message_id === null ? '' : toTypeId('msg', row.message_id),
    createTime: timestampFromDate(row.create_time),
    ...(row.expire_time !== null && { expireTime: timestampFromDate(row.expire_time) }),
  }
}
