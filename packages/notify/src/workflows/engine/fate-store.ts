import type { Executor } from '@mainstay/kernel'
import type { MessageState } from '@mainstay/proto/notify/v1'

/** What has become of a message. */
export interface Fate {
  projectId: string
  messageId: string
  channel: number
  /** As it is stored: ACCEPTED as long as it waits or is with a worker. */
  state: MessageState
  seenTime: Date | null
}

export interface MessageRef {
  projectId: string
  messageId: string
}

const COLUMNS = `m.project_id AS "projectId", m.message_id AS "messageId", m.channel, m.state, m.seen_time AS "seenTime"`

/** Those of the messages that there are. Unnamed: planning prunes the partitions. */
export async function findFates(executor: Executor, refs: readonly MessageRef[]): Promise<Fate[]> {
  if (refs.length === 0) return []
  const { rows } = await executor.query<Fate>({
    text: `SELECT ${COLUMNS} FROM notify.messages m
      WHERE m.project_id = ANY ($1::uuid[]) AND m.message_id = ANY ($2::uuid[])`,
    values: valuesOf(refs),
  })
  return rows
}

/**
 * The same, and nobody can change any of it until this transaction ends: a receipt that comes at the moment of a deadline is
 * either seen here, or waits and finds what was decided without it.
 *
 * Queue rows are locked before messages, both in the order of their ids, as by everyone who locks several.
 */
export async function lockFates(executor: Executor, refs: readonly MessageRef[]): Promise<Fate[]> {
  if (refs.length === 0) return []
  await executor.query({
    text: `SELECT FROM notify.delivery_queue
      WHERE project_id = ANY ($1::uuid[]) AND message_id = ANY ($2::uuid[])
      ORDER BY project_id, message_id FOR UPDATE`,
    values: valuesOf(refs),
  })
  const { rows } = await executor.query<Fate>({
    text: `SELECT ${COLUMNS} FROM notify.messages m
      WHERE m.project_id = ANY ($1::uuid[]) AND m.message_id = ANY ($2::uuid[])
      ORDER BY m.project_id, m.message_id FOR NO KEY UPDATE OF m`,
    values: valuesOf(refs),
  })
  return rows
}

function valuesOf(refs: readonly MessageRef[]): [string[], string[]] {
  return [[...new Set(refs.map((ref) => ref.projectId))], refs.map((ref) => ref.messageId)]
}
