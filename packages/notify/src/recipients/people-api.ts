import { type PageTokens, pageLimit } from '@mainstay/kernel'
import { Recipients as RecipientsService } from '@mainstay/proto/notify/v1/recipients'
import { type Handlers, type Implementation, implement } from '@mainstay/rpc'
import { segmentHandlers } from '../segments/api.ts'
import { ruleOfSegment, type SegmentsDeps } from '../segments/service.ts'
import { topicHandlers, topicNotFound } from '../topics/api.ts'
import { hasTopic } from '../topics/store.ts'
import { listRecipients } from './list.ts'
import { toEndpoint, toRecipient } from './recipient-message.ts'
import type { Recipients } from './service.ts'

export interface PeopleApiDeps extends SegmentsDeps {
  pageTokens: PageTokens
  recipients: Recipients
}

/** The Recipients service: people, their endpoints, topics and segments. */
export function implementPeople(deps: PeopleApiDeps): Implementation {
  return implement(RecipientsService, peopleHandlers(deps))
}

export function peopleHandlers(deps: PeopleApiDeps): Handlers<typeof RecipientsService> {
  const { db, pageTokens, recipients } = deps
  return {
    ...topicHandlers(deps),
    ...segmentHandlers(deps),

    async listRecipients({ pageSize, pageToken, filter }, { method, projectId }) {
      const { text = '', topic = '', segment = '' } = filter ?? {}
      const scope = { method, projectId, filter: { text, topic, segment } }
      const [afterId = null] = (pageTokens.read(scope, pageToken) ?? []) as [string?]
      if (topic !== '' && !(await hasTopic(db, projectId, topic))) throw topicNotFound(topic)
      const rule = segment === '' ? undefined : await ruleOfSegment(db, projectId, segment)
      const limit = pageLimit(pageSize)
      const found = await listRecipients(db, projectId, { text, topic, rule, afterId, limit: limit + 1 })
      const { rows, nextPageToken } = pageTokens.cut(scope, found, limit, (last) => [last.recipient_id])
      return { recipients: rows.map(toRecipient), nextPageToken }
    },
    async batchUpdateRecipients({ recipients: wanted, updateMask }, ctx) {
      const { stored, refused } = await recipients.updateBatch(ctx, wanted, updateMask?.paths ?? [])
      return { storedCount: stored, errors: refused }
    },
    async deleteRecipient({ recipientId }, ctx) {
      await recipients.remove(ctx, recipientId)
      return {}
    },
    async addEndpoint({ recipientId, endpoint }, ctx) {
      // The contract requires it: its rules have been kept before this is called.
      if (endpoint === undefined) throw new TypeError('A request to add has an endpoint')
      return toEndpoint(await recipients.addEndpoint(ctx, recipientId, endpoint))
    },
    async removeEndpoint({ recipientId, endpointId }, ctx) {
      await recipients.removeEndpoint(ctx, recipientId, endpointId)
      return {}
    },
    async listEndpoints({ recipientId }, { projectId }) {
      return { endpoints: (await recipients.endpoints(projectId, recipientId)).map(toEndpoint) }
    },
  }
}
