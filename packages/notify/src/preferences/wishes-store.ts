import type { Executor, Tx } from '@mainstay/kernel'
import { plainArray } from '../deliver/batch-sql.ts'
import type { Person } from './preference-store.ts'

/**
 * Which of these a person does not get, by their place. What decides is what decides about messages, so that no page can say
 * otherwise.
 */
export async function findUnwanted(
  executor: Executor,
  { projectId, live, recipientId }: Person,
  asked: readonly { category: string; channel: number }[],
): Promise<ReadonlySet<number>> {
  if (asked.length === 0) return new Set()
  const { rows } = await executor.query<{ place: number }>({
    text: `SELECT place FROM notify.find_gated(array_fill($1::uuid, ARRAY[$6::int]), array_fill($2::bool, ARRAY[$6::int]),
        $3::int2[], array_fill(3::int2, ARRAY[$6::int]), array_fill($4::text, ARRAY[$6::int]), $5::text[],
        array_fill(now(), ARRAY[$6::int]))
      WHERE skip_reason IS NOT NULL`,
    values: [
      projectId,
      live,
      plainArray(asked.map(({ channel }) => channel)),
      recipientId,
      asked.map(({ category }) => category),
      asked.length,
    ],
  })
  return new Set(rows.map(({ place }) => place - 1))
}

/** Whether anybody of the project has an inbox: before that, nobody is asked about it. */
export async function hasInboxes(executor: Executor, projectId: string, live: boolean): Promise<boolean> {
  const { rows } = await executor.query<{ found: boolean }>({
    text: 'SELECT EXISTS (SELECT FROM notify.inboxes WHERE project_id = $1 AND live = $2) AS found',
    values: [projectId, live],
  })
  return rows[0]?.found ?? false
}

/** What people call the project; undefined where there is none. */
export async function findProjectName(executor: Executor, projectId: string): Promise<string | undefined> {
  const { rows } = await executor.query<{ name: string }>({
    text: 'SELECT display_name AS name FROM access.projects WHERE project_id = $1',
    values: [projectId],
  })
  return rows[0]?.name
}

/** Tells on the timeline of the mail whose link was used that its recipient unsubscribed by it. */
export async function noteUnsubscribed(
  tx: Tx,
  { projectId, messageId, noteId }: { projectId: string; messageId: string; noteId: string },
  categoryName: string | undefined,
): Promise<void> {
  await tx.query({
    text: `INSERT INTO notify.message_notes (project_id, message_id, note_id, kind, actor, title)
      SELECT project_id, message_id, $3::uuid, 16, 'recipient', $4::text FROM notify.messages
      WHERE project_id = $1 AND message_id = $2`,
    values: [
      projectId,
      messageId,
      noteId,
      categoryName === undefined
        ? 'Unsubscribed by this mail'
        : `Unsubscribed from “${categoryName}” by this mail`,
    ],
  })
}
