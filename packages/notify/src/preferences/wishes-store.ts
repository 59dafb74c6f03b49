import type { Executor } from '@mainstay/kernel'
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

/** What people call the project; undefined where there is none. */
export async function findProjectName(executor: Executor, projectId: string): Promise<string | undefined> {
  const { rows } = await executor.query<{ name: string }>({
    text: 'SELECT display_name AS name FROM access.projects WHERE project_id = $1',
    values: [projectId],
  })
  return rows[0]?.name
}
