import type { Executor } from '@mainstay/kernel'

export interface TopicRow {
  topic: string
  display_name: string
  description: string
  create_time: Date
  /** At most `MOST_COUNTED` + 1. */
  member_count: number
}

export interface MemberRow {
  recipient_id: string
  display_name: string | null
  email: string | null
  create_time: Date
}

const MOST_COUNTED = 10_000

/** @returns undefined when there is one of that id. */
export async function insertTopic(
  executor: Executor,
  projectId: string,
  row: Pick<TopicRow, 'topic' | 'display_name' | 'description'>,
  now: Date,
): Promise<TopicRow | undefined> {
  const { rows } = await executor.query<TopicRow>({
    name: 'notify.topics.insert',
    text: `
      INSERT INTO notify.topics (project_id, topic, display_name, description, create_time, update_time)
      VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING
      RETURNING topic, display_name, description, create_time, 0 AS member_count`,
    values: [projectId, row.topic, row.display_name, row.description, now],
  })
  return rows[0]
}

export async function hasTopic(executor: Executor, projectId: string, topic: string): Promise<boolean> {
  const { rows } = await executor.query({
    name: 'notify.topics.has',
    text: 'SELECT FROM notify.topics WHERE project_id = $1 AND topic = $2',
    values: [projectId, topic],
  })
  return rows.length > 0
}

/** By their ids. */
export async function listTopics(
  executor: Executor,
  projectId: string,
  afterTopic: string | null,
  limit: number,
): Promise<TopicRow[]> {
  const { rows } = await executor.query<TopicRow>({
    text: `
      SELECT t.topic, t.display_name, t.description, t.create_time, (
        SELECT count(*)::int4 FROM (
          SELECT FROM notify.topic_members m WHERE m.project_id = t.project_id AND m.topic = t.topic LIMIT ${MOST_COUNTED + 1}
        ) counted) AS member_count
      FROM notify.topics t WHERE t.project_id = $1 AND ($2::text IS NULL OR t.topic > $2::text COLLATE "C")
      ORDER BY t.topic LIMIT $3`,
    values: [projectId, afterTopic, limit],
  })
  return rows
}

/** With its memberships. @returns false when there is none. */
export async function deleteTopic(executor: Executor, projectId: string, topic: string): Promise<boolean> {
  const { rows } = await executor.query({
    name: 'notify.topics.delete',
    text: 'DELETE FROM notify.topics WHERE project_id = $1 AND topic = $2 RETURNING topic',
    values: [projectId, topic],
  })
  return rows.length > 0
}

/**
 * Adds those that are recipients, locked against being deleted meanwhile; in the order of their ids, as whoever deletes and
 * adds locks them.
 *
 * @returns how many were added, and which are no recipients.
 */
export async function addMembers(
  executor: Executor,
  projectId: string,
  topic: string,
  recipientIds: readonly string[],
  now: Date,
): Promise<{ added: number; unknown: string[] }> {
  const { rows } = await executor.query<{ added: number; unknown: string[] }>({
    name: 'notify.topics.add',
    text: `
      WITH known AS MATERIALIZED (
        SELECT recipient_id FROM notify.recipients WHERE project_id = $1 AND recipient_id = ANY ($3::text[])
        ORDER BY recipient_id FOR KEY SHARE
      ),
      added AS (
        INSERT INTO notify.topic_members (project_id, topic, recipient_id, create_time)
        SELECT $1, $2, recipient_id, $4 FROM known ORDER BY recipient_id
        ON CONFLICT DO NOTHING RETURNING recipient_id
      )
      SELECT (SELECT count(*)::int4 FROM added) AS added,
        ARRAY(SELECT id FROM unnest($3::text[]) WITH ORDINALITY AS w (id, place)
          WHERE id NOT IN (SELECT recipient_id FROM known) ORDER BY place) AS unknown`,
    values: [projectId, topic, recipientIds, now],
  })
  return rows[0] ?? { added: 0, unknown: [] }
}

export async function removeMembers(
  executor: Executor,
  projectId: string,
  topic: string,
  recipientIds: readonly string[],
): Promise<number> {
  const { rows } = await executor.query({
    name: 'notify.topics.remove',
    text: `DELETE FROM notify.topic_members WHERE project_id = $1 AND topic = $2 AND recipient_id = ANY ($3::text[])
      RETURNING recipient_id`,
    values: [projectId, topic, recipientIds],
  })
  return rows.length
}

/** By their ids. */
export async function listMembers(
  executor: Executor,
  projectId: string,
  topic: string,
  afterId: string | null,
  limit: number,
): Promise<MemberRow[]> {
  const { rows } = await executor.query<MemberRow>({
    text: `
      SELECT m.recipient_id, r.display_name, r.email, m.create_time FROM notify.topic_members m
      JOIN notify.recipients r ON r.project_id = m.project_id AND r.recipient_id = m.recipient_id
      WHERE m.project_id = $1 AND m.topic = $2 AND ($3::text IS NULL OR m.recipient_id > $3)
      ORDER BY m.recipient_id LIMIT $4`,
    values: [projectId, topic, afterId, limit],
  })
  return rows
}

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
