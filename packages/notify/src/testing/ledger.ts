import { accessMigrations } from '@mainstay/access'
import { type Db, type Executor, kernelMigrations, newId } from '@mainstay/kernel'
import { MessageState, UnknownPolicy } from '@mainstay/proto/notify/v1'
import { notifyMigrations } from '../migrations.ts'
import type { NotificationContent } from '../rendering.ts'

/** What the ledger's tables need, in order. */
export const ledgerMigrations = [kernelMigrations, accessMigrations, notifyMigrations]

export interface Queued {
  projectId?: string
  /** 1 otp, 2 transactional, 3 bulk. Default 2. */
  lane?: number
  /** Default: now. */
  dueMs?: number
  /** Default: an hour from now. */
  expireMs?: number
  unknownPolicy?: UnknownPolicy
  content?: NotificationContent
  to?: string
}

export const TEST_PROJECT = '01980000-0000-7000-8000-000000000001'

/** Puts messages into the ledger as accepting does, in one statement per table. Returns their uuids, in order. */
export async function queueMessages(db: Executor, messages: readonly Queued[]): Promise<string[]> {
  const ids = messages.map(() => newId())
  const nowMs = Date.now()
  const columns = [
    messages.map((m) => m.projectId ?? TEST_PROJECT),
    ids,
    messages.map((m) => m.lane ?? 2),
    messages.map((m) => (m.dueMs ?? nowMs) / 1000),
    messages.map((m) => (m.expireMs ?? nowMs + 3_600_000) / 1000),
    messages.map((m) => m.unknownPolicy ?? UnknownPolicy.AT_MOST_ONCE),
    messages.map((m) =>
      JSON.stringify(m.content ?? { email: { subject: 'Hello', text: 'Hello there', html: '' } }),
    ),
    messages.map((m) => m.to ?? 'someone@example.com'),
  ]
  await db.query({ text: INSERT, values: columns })
  return ids
}

const INSERT = `
WITH r AS (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int2[], $4::float8[], $5::float8[], $6::int2[], $7::text[], $8::text[])
    AS r (project_id, message_id, lane, due, expire, unknown_policy, content, to_address)
),
notifications AS (
  INSERT INTO notify.notifications (project_id, notification_id, content, actor)
  SELECT project_id, message_id, content::json, 'key_test' FROM r
),
messages AS (
  INSERT INTO notify.messages (project_id, message_id, notification_id, channel, class, state, unknown_policy, live,
    to_address, subject, send_time, expire_time, update_time)
  SELECT project_id, message_id, message_id, 1, lane, 1, unknown_policy, true, to_address,
    coalesce(content::json -> 'email' ->> 'subject', 'template'), to_timestamp(due), to_timestamp(expire), now()
  FROM r
)
INSERT INTO notify.delivery_queue (project_id, message_id, lane, due_time, expire_time)
SELECT project_id, message_id, lane, to_timestamp(due), to_timestamp(expire) FROM r`

export interface MessageRow {
  messageId: string
  state: MessageState
  possibleDuplicate: boolean
  attemptCount: number
  detail: string | null
  subject: string
  sentTime: Date | null
  accountId: string | null
}

export async function readMessages(db: Executor): Promise<Map<string, MessageRow>> {
  const { rows } = await db.query<MessageRow>({
    text: `SELECT message_id AS "messageId", state, possible_duplicate AS "possibleDuplicate", subject,
        attempt_count AS "attemptCount", status_detail AS detail, sent_time AS "sentTime",
        provider_account_id AS "accountId"
      FROM notify.messages`,
  })
  return new Map(rows.map((row) => [row.messageId, row]))
}

export async function readMessage(db: Executor, messageId: string): Promise<MessageRow> {
  const row = (await readMessages(db)).get(messageId)
  if (row === undefined) throw new Error(`The message ${messageId} is gone`)
  return row
}

/** The outcomes of a message's attempts, in order. */
export async function readOutcomes(db: Executor, messageId: string): Promise<number[]> {
  const { rows } = await db.query<{ outcome: number }>({
    text: 'SELECT outcome FROM notify.delivery_attempts WHERE message_id = $1 ORDER BY attempt',
    values: [messageId],
  })
  return rows.map((row) => row.outcome)
}

export async function countQueued(db: Executor): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    text: 'SELECT count(*)::int4 AS count FROM notify.delivery_queue',
  })
  return rows[0]?.count ?? 0
}

/** How many messages are in each stored state. */
export async function countStates(db: Db): Promise<Partial<Record<keyof typeof MessageState, number>>> {
  const { rows } = await db.query<{ state: MessageState; count: number }>({
    text: 'SELECT state, count(*)::int4 AS count FROM notify.messages GROUP BY state',
  })
  return Object.fromEntries(rows.map((row) => [MessageState[row.state], row.count]))
}
