import type { Executor } from '@mainstay/kernel'

/** The topics that a recipient is a member of, by name. */
export async function listTopicsOf(
  executor: Executor,
  projectId: string,
  recipientId: string,
): Promise<string[]> {
  const { rows } = await executor.query<{ topic: string }>({
    name: 'notify.topics.of',
    text: `SELECT topic FROM notify.topic_members WHERE project_id = $1 AND recipient_id = $2 ORDER BY topic`,
    values: [projectId, recipientId],
  })
  return rows.map((row) => row.topic)
}
