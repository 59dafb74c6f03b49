import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { recordAudit } from '@mainstay/access'
import {
  type AppError,
  appError,
  type Clock,
  type Db,
  isForeignKeyViolation,
  type PageTokens,
  pageLimit,
} from '@mainstay/kernel'
import type { Recipients } from '@mainstay/proto/notify/v1/recipients'
import type { Handlers } from '@mainstay/rpc'
import { reasons } from '../errors.ts'
import {
  addMembers,
  deleteTopic,
  hasTopic,
  insertTopic,
  listMembers,
  listTopics,
  type MemberRow,
  removeMembers,
  type TopicRow,
} from './store.ts'

export interface TopicsDeps {
  db: Db
  clock: Clock
  pageTokens: PageTokens
}

type TopicMethod =
  | 'createTopic'
  | 'listTopics'
  | 'deleteTopic'
  | 'addTopicMembers'
  | 'removeTopicMembers'
  | 'listTopicMembers'

/** The methods of topics. They have no rules of their own: two hops are enough. */
export function topicHandlers({
  db,
  clock,
  pageTokens,
}: TopicsDeps): Pick<Handlers<typeof Recipients>, TopicMethod> {
  async function requireTopic(projectId: string, topic: string): Promise<void> {
    if (!(await hasTopic(db, projectId, topic))) throw topicNotFound(topic)
  }
  return {
    async createTopic({ topic: wanted }, { projectId, tx }) {
      const { topic = '', displayName = '', description = '' } = wanted ?? {}
      const row = { topic, display_name: displayName, description }
      const made = await insertTopic(tx ?? db, projectId, row, clock.now())
      if (made !== undefined) return toTopic(made)
      throw appError(reasons, 'notify.topic_exists', `There is a topic "${topic}" already.`)
    },
    async listTopics({ pageSize, pageToken }, { method, projectId }) {
      const scope = { method, projectId }
      const [after = null] = (pageTokens.read(scope, pageToken) ?? []) as [string?]
      const limit = pageLimit(pageSize)
      const found = await listTopics(db, projectId, after, limit + 1)
      const { rows, nextPageToken } = pageTokens.cut(scope, found, limit, (last) => [last.topic])
      return { topics: rows.map(toTopic), nextPageToken }
    },
    async deleteTopic({ topic }, ctx) {
      const { projectId, caller, requestId } = ctx
      const remove = async (tx: NonNullable<typeof ctx.tx>): Promise<void> => {
        if (!(await deleteTopic(tx, projectId, topic))) throw topicNotFound(topic)
        const what = { projectId, action: 'notify.topics.delete', resource: topic }
        await recordAudit(tx, clock, { actor: caller.id, requestId }, what)
      }
      await (ctx.tx === undefined ? db.transaction(remove) : remove(ctx.tx))
      return {}
    },
    async addTopicMembers({ topic, recipientIds }, { projectId, tx }) {
      await requireTopic(projectId, topic)
      const ids = [...new Set(recipientIds)]
      try {
        const { added, unknown } = await addMembers(tx ?? db, projectId, topic, ids, clock.now())
        return { addedCount: added, unknownRecipientIds: unknown }
      } catch (error) {
        // It was deleted a moment ago.
        throw isForeignKeyViolation(error) ? topicNotFound(topic) : error
      }
    },
    async removeTopicMembers({ topic, recipientIds }, { projectId, tx }) {
      await requireTopic(projectId, topic)
      return { removedCount: await removeMembers(tx ?? db, projectId, topic, recipientIds) }
    },
    async listTopicMembers({ topic, pageSize, pageToken }, { method, projectId }) {
      await requireTopic(projectId, topic)
      const scope = { method, projectId, filter: { topic } }
      const [after = null] = (pageTokens.read(scope, pageToken) ?? []) as [string?]
      const limit = pageLimit(pageSize)
      const found = await listMembers(db, projectId, topic, after, limit + 1)
      const { rows, nextPageToken } = pageTokens.cut(scope, found, limit, (last) => [last.recipient_id])
      return { members: rows.map(toMember), nextPageToken }
    },
  }
}

export function topicNotFound(topic: string): AppError {
  return appError(
    reasons,
    'notify.topic_not_found',
    `There is no topic "${topic}". Create it with CreateTopic.`,
  )
}

function toTopic(row: TopicRow) {
  return {
    topic: row.topic,
    displayName: row.display_name,
    description: row.description,
    memberCount: row.member_count,
    createTime: timestampFromDate(row.create_time),
  }
}

function toMember(row: MemberRow) {
  return {
    recipientId: row.recipient_id,
    displayName: row.display_name ?? '',
    email: row.email ?? '',
    createTime: timestampFromDate(row.create_time),
  }
}
