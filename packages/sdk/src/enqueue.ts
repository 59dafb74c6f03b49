import { create, type MessageInitShape, toJsonString } from '@bufbuild/protobuf'
import { SendNotificationRequestSchema } from '@mainstay/proto/notify/v1'

/** A statement for any PostgreSQL client that takes `$1`: `client.query(text, values)`. */
export interface Statement {
  text: string
  values: [project: string, request: string, live: boolean]
}

/**
 * The statement that enqueues a notification in the caller's own transaction, for applications whose tables are in Mainstay's
 * database: the notification exists if and only if that transaction commits. It returns one row with the column `id`.
 *
 * @param request as `notify.sendNotification` takes it
 * @param options `project` is the project's slug, `default` unless given; `live` is whether it reaches real people, by default
 * it does
 */
export function enqueueStatement(
  request: MessageInitShape<typeof SendNotificationRequestSchema>,
  { project = 'default', live = true }: { project?: string; live?: boolean } = {},
): Statement {
  const json = toJsonString(SendNotificationRequestSchema, create(SendNotificationRequestSchema, request))
  return { text: 'SELECT mainstay.enqueue($1, $2::jsonb, $3) AS id', values: [project, json, live] }
}
