import type { Executor } from '@mainstay/kernel'
import { segmentCondition } from '../segments/condition.ts'
import { isRule, readRule } from '../segments/rule.ts'
import type { Sql } from './audience-sql.ts'
import type { Audience } from './plan.ts'

/** What an audience is found by, or, as a sentence, why there is none. */
export type FoundAudience = { segment: Sql | undefined } | { missing: string }

/** Looks up the topic or the segment that an audience names. Parameters of the segment's condition count from `first` on. */
export async function findAudience(
  executor: Executor,
  projectId: string,
  audience: Audience,
  first: number,
): Promise<FoundAudience> {
  if (audience.kind === 'topic') {
    const { rows } = await executor.query({
      text: 'SELECT FROM notify.topics WHERE project_id = $1 AND topic = $2',
      values: [projectId, audience.topic],
    })
    return rows.length > 0
      ? { segment: undefined }
      : { missing: `There is no topic "${audience.topic}" in this project.` }
  }
  if (audience.kind !== 'segment') return { segment: undefined }
  const { rows } = await executor.query<{ rule: unknown }>({
    text: 'SELECT rule FROM notify.segments WHERE project_id = $1 AND segment = $2',
    values: [projectId, audience.segment],
  })
  const rule = rows[0] === undefined ? undefined : readRule(rows[0].rule)
  return rule !== undefined && isRule(rule)
    ? { segment: segmentCondition(rule, first) }
    : { missing: `There is no segment "${audience.segment}" in this project.` }
}
