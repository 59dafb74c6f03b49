import type { Db, Executor } from '@mainstay/kernel'
import { RECIPIENT_COLUMNS, type RecipientRow } from '../recipients/store.ts'
import { type SqlCondition, segmentCondition } from './condition.ts'
import type { SegmentRule } from './rule.ts'

export interface SegmentRow {
  segment: string
  display_name: string
  description: string
  /** As it was given. */
  rule: unknown
  revision: number
  create_time: Date
  update_time: Date
}

const COLUMNS = 'segment, display_name, description, rule, revision, create_time, update_time'

type Words = Pick<SegmentRow, 'segment' | 'display_name' | 'description' | 'rule'>

/** @returns undefined when there is one of that id. */
export async function insertSegment(
  executor: Executor,
  projectId: string,
  row: Words,
  now: Date,
): Promise<SegmentRow | undefined> {
  const { rows } = await executor.query<SegmentRow>({
    name: 'notify.segments.insert',
    text: `
      INSERT INTO notify.segments (project_id, segment, display_name, description, rule, revision, create_time, update_time)
      VALUES ($1, $2, $3, $4, $5::jsonb, 1, $6, $6) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
    values: [projectId, row.segment, row.display_name, row.description, JSON.stringify(row.rule), now],
  })
  return rows[0]
}

/**
 * Changes the fields that are given, if the segment is at `revision` still.
 *
 * @returns undefined when there is none, or it is another one by now.
 */
export async function updateSegment(
  executor: Executor,
  projectId: string,
  segment: string,
  change: Partial<Omit<Words, 'segment'>>,
  revision: number | undefined,
  now: Date,
): Promise<SegmentRow | undefined> {
  const { rows } = await executor.query<SegmentRow>({
    name: 'notify.segments.update',
    text: `
      UPDATE notify.segments SET display_name = coalesce($3, display_name), description = coalesce($4, description),
        rule = coalesce($5::jsonb, rule), revision = revision + 1, update_time = $6
      WHERE project_id = $1 AND segment = $2 AND ($7::int4 IS NULL OR revision = $7)
      RETURNING ${COLUMNS}`,
    values: [
      projectId,
      segment,
      change.display_name ?? null,
      change.description ?? null,
      change.rule === undefined ? null : JSON.stringify(change.rule),
      now,
      revision ?? null,
    ],
  })
  return rows[0]
}

export async function findSegment(
  executor: Executor,
  projectId: string,
  segment: string,
): Promise<SegmentRow | undefined> {
  const { rows } = await executor.query<SegmentRow>({
    name: 'notify.segments.find',
    text: `SELECT ${COLUMNS} FROM notify.segments WHERE project_id = $1 AND segment = $2`,
    values: [projectId, segment],
  })
  return rows[0]
}

/** By their ids. */
export async function listSegments(
  executor: Executor,
  projectId: string,
  afterSegment: string | null,
  limit: number,
): Promise<SegmentRow[]> {
  const { rows } = await executor.query<SegmentRow>({
    text: `
      SELECT ${COLUMNS} FROM notify.segments
      WHERE project_id = $1 AND ($2::text IS NULL OR segment > $2::text COLLATE "C") ORDER BY segment LIMIT $3`,
    values: [projectId, afterSegment, limit],
  })
  return rows
}

/** @returns false when there is none. */
export async function deleteSegment(
  executor: Executor,
  projectId: string,
  segment: string,
): Promise<boolean> {
  const { rows } = await executor.query({
    name: 'notify.segments.delete',
    text: 'DELETE FROM notify.segments WHERE project_id = $1 AND segment = $2 RETURNING segment',
    values: [projectId, segment],
  })
  return rows.length > 0
}

export interface Counted {
  count: number
  sample: RecipientRow[]
}

/** Counts whom a rule describes, and reads the first `sampleSize`. Fails with 57014 when it takes longer than `timeoutMs`. */
export async function countRecipients(
  db: Db,
  projectId: string,
  rule: SegmentRule,
  sampleSize: number,
  timeoutMs: number,
): Promise<Counted> {
  const condition = segmentCondition(rule, 2)
  return await db.transaction(
    async (tx) => {
      const { rows: sample } = await tx.query<RecipientRow>({
        text: `SELECT ${RECIPIENT_COLUMNS} FROM notify.recipients r WHERE r.project_id = $1 AND ${condition.text}
          ORDER BY r.recipient_id LIMIT ${sampleSize}`,
        values: [projectId, ...condition.values],
      })
      if (sample.length < sampleSize) return { count: sample.length, sample }
      const { rows } = await tx.query<{ count: number }>({
        text: `SELECT count(*)::float8 AS count FROM notify.recipients r WHERE r.project_id = $1 AND ${condition.text}`,
        values: [projectId, ...condition.values],
      })
      return { count: rows[0]?.count ?? 0, sample }
    },
    { readOnly: true, settings: { statement_timeout: String(timeoutMs) } },
  )
}

/** What the planner believes of how many there are. */
export async function estimateRecipients(
  executor: Executor,
  projectId: string,
  { text, values }: SqlCondition,
): Promise<number> {
  const { rows } = await executor.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>({
    text: `EXPLAIN (FORMAT JSON) SELECT FROM notify.recipients r WHERE r.project_id = $1 AND ${text}`,
    values: [projectId, ...values],
  })
  return rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0
}
