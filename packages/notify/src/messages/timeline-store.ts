import type { Executor } from '@mainstay/kernel'
import type { NotificationContent } from '../rendering.ts'

export interface AttemptRow {
  attempt: number
  provider_account_id: string
  start_time: Date
  end_time: Date
  outcome: number
  provider_message_id: string | null
  reply: string | null
  retry_time: Date | null
  routing: RoutingRecord | null
}

/** Why an account was taken: those that were passed over before it. */
export interface RoutingRecord {
  rejected?: { account: string; reason: string }[]
  /** Why this account, where it was not simply the first. */
  why?: string
}

export interface NoteRow {
  note_id: string
  kind: number
  actor: string
  title: string
  detail: string | null
}

export interface OriginRow {
  actor: string
  request_id: string | null
  dedupe_key: string | null
  content: NotificationContent
}

/** Who asked for the message. Undefined only for a message whose notification was dropped with an older partition. */
export async function findOrigin(
  executor: Executor,
  projectId: string,
  notificationId: string,
): Promise<OriginRow | undefined> {
  const { rows } = await executor.query<OriginRow>({
    text: `
      SELECT actor, request_id, dedupe_key, content FROM notify.notifications
      WHERE project_id = $1 AND notification_id = $2`,
    values: [projectId, notificationId],
  })
  return rows[0]
}

export async function listAttempts(
  executor: Executor,
  projectId: string,
  messageId: string,
): Promise<AttemptRow[]> {
  const { rows } = await executor.query<AttemptRow>({
    text: `
      SELECT attempt, provider_account_id, start_time, end_time, outcome, provider_message_id, reply, retry_time, routing
      FROM notify.delivery_attempts
      WHERE project_id = $1 AND message_id = $2 ORDER BY attempt`,
    values: [projectId, messageId],
  })
  return rows
}

export async function listNotes(
  executor: Executor,
  projectId: string,
  messageId: string,
): Promise<NoteRow[]> {
  const { rows } = await executor.query<NoteRow>({
    text: `
      SELECT note_id, kind, actor, title, detail FROM notify.message_notes
      WHERE project_id = $1 AND message_id = $2 ORDER BY note_id`,
    values: [projectId, messageId],
  })
  return rows
}

/** Names of provider accounts by uuid; those that were deleted are missing. */
export async function findAccountNames(
  executor: Executor,
  projectId: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const { rows } = await executor.query<{ provider_account_id: string; display_name: string }>({
    text: `
      SELECT provider_account_id, display_name FROM notify.provider_accounts
      WHERE project_id = $1 AND provider_account_id = ANY ($2::uuid[])`,
    values: [projectId, ids],
  })
  return new Map(rows.map((row) => [row.provider_account_id, row.display_name]))
}
