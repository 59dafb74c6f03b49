import { type Executor, idTimeMs, minIdAt } from '@mainstay/kernel'
import { MESSAGE_COLUMNS, type MessageRow } from './row.ts'

/*
 * Statements here are unnamed, so that each is planned for the ids it is about and the size its tables have now: planning
 * prunes the partitions, and a plan kept from when a table was small would read it whole once it has grown.
 */

export async function findMessage(
  executor: Executor,
  projectId: string,
  messageId: string,
): Promise<MessageRow | undefined> {
  const { rows } = await executor.query<MessageRow>({
    text: `
      SELECT ${MESSAGE_COLUMNS}
      FROM notify.messages m
      LEFT JOIN notify.delivery_queue q ON q.project_id = m.project_id AND q.message_id = m.message_id
      WHERE m.project_id = $1 AND m.message_id = $2`,
    values: [projectId, messageId],
  })
  return rows[0]
}

/** Those of the messages that there are, in no order. */
export async function findMessages(
  executor: Executor,
  projectId: string,
  messageIds: readonly string[],
): Promise<MessageRow[]> {
  const { rows } = await executor.query<MessageRow>({
    text: `
      SELECT ${MESSAGE_COLUMNS}
      FROM notify.messages m
      LEFT JOIN notify.delivery_queue q ON q.project_id = m.project_id AND q.message_id = m.message_id
      WHERE m.project_id = $1 AND m.message_id = ANY ($2::uuid[])`,
    values: [projectId, messageIds],
  })
  return rows
}

/**
 * The messages of a notification, or undefined when there is no such notification. Where it has one, its id was made right
 * after the notification's, so that it is among the first from there on: no index over `notification_id` is needed.
 */
export async function findMessagesOf(
  executor: Executor,
  projectId: string,
  notificationId: string,
): Promise<string[] | undefined> {
  const { rows } = await executor.query<{ message_ids: string[] }>({
    text: `
      SELECT coalesce(n.message_ids, ARRAY(
        SELECT m.message_id FROM notify.messages m
        WHERE m.project_id = $1 AND m.message_id > $2 AND m.message_id < $3 AND m.notification_id = $2
        ORDER BY m.message_id LIMIT 1)) AS message_ids
      FROM notify.notifications n WHERE n.project_id = $1 AND n.notification_id = $2`,
    values: [projectId, notificationId, minIdAt(idTimeMs(notificationId) + 60_000)],
  })
  return rows[0]?.message_ids
}
