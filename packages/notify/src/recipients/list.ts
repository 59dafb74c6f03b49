import type { Executor } from '@mainstay/kernel'
import { segmentCondition } from '../segments/condition.ts'
import type { SegmentRule } from '../segments/rule.ts'
import { RECIPIENT_COLUMNS, type RecipientRow } from './store.ts'

export interface RecipientPage {
  /** What id, email address or name begin with; empty: anything. */
  text: string
  /** Members of this topic; empty: of any and none. */
  topic: string
  /** Undefined: everybody. */
  rule: SegmentRule | undefined
  afterId: string | null
  limit: number
}

/**
 * Recipients by their ids. Unnamed, so that it is planned for what is asked: a rare beginning is found by the indexes over the
 * three texts and sorted, a common one by walking the ids until the page is full.
 */
export async function listRecipients(
  executor: Executor,
  projectId: string,
  { text, topic, rule, afterId, limit }: RecipientPage,
): Promise<RecipientRow[]> {
  const values: unknown[] = []
  const add = (value: unknown): string => `$${values.push(value)}`
  const project = add(projectId)
  const conditions = [`r.project_id = ${project}`]
  if (afterId !== null) conditions.push(`r.recipient_id > ${add(afterId)}`)
  if (text !== '') {
    const pattern = `${text.replace(/[\\%_]/g, '\\$&')}%`
    // Lower case of the database's making, as in the indexes.
    const [exact, lower] = [add(pattern), `lower(${add(pattern)})`]
    conditions.push(
      `(r.recipient_id LIKE ${exact} OR lower(r.email) LIKE ${lower} OR lower(r.display_name) LIKE ${lower})`,
    )
  }
  const members =
    topic === ''
      ? ''
      : `JOIN notify.topic_members m ON m.project_id = ${project} AND m.topic = ${add(topic)}
          AND m.recipient_id = r.recipient_id`
  if (topic !== '' && afterId !== null) conditions.push(`m.recipient_id > ${add(afterId)}`)
  if (rule !== undefined) {
    const condition = segmentCondition(rule, values.length + 1)
    conditions.push(condition.text)
    values.push(...condition.values)
  }
  const { rows } = await executor.query<RecipientRow>({
    text: `
      SELECT ${RECIPIENT_COLUMNS} FROM notify.recipients r ${members} WHERE ${conditions.join(' AND ')}
      ORDER BY ${topic === '' ? 'r' : 'm'}.recipient_id LIMIT ${add(limit)}`,
    values,
  })
  return rows
}
