import type { Executor, Tx } from '@mainstay/kernel'
import { segmentCondition } from '../segments/condition.ts'
import { isRule, readRule } from '../segments/rule.ts'
import { wallTime } from './store.ts'

export interface RunRow {
  projectId: string
  scheduleId: string
  occurrence: number
  timezone: string
  dueMs: number
  tries: number
  cursor: string
  live: boolean
  spec: unknown
  actor: string
  misfirePolicy: number
  /** A later occurrence for the same recipients is due as well. */
  isSuperseded: boolean
}

/** Locks one run that is due with its schedule, skipping what other processes are at; both stay locked while it takes a step. */
export async function lockDueRun(tx: Tx, now: Date): Promise<RunRow | undefined> {
  const { rows } = await tx.query<RunRow>({
    name: 'notify.schedules.run',
    text: `SELECT r.project_id AS "projectId", r.schedule_id AS "scheduleId",
        (extract(epoch FROM r.occurrence) * 1000)::float8 AS occurrence, r.timezone,
        (extract(epoch FROM r.due_time) * 1000)::float8 AS "dueMs", r.tries, r.cursor, s.live, s.spec, s.actor,
        s.misfire_policy AS "misfirePolicy",
        EXISTS (SELECT FROM notify.schedule_runs o WHERE o.project_id = r.project_id AND o.schedule_id = r.schedule_id
          AND o.timezone = r.timezone AND o.occurrence > r.occurrence AND o.due_time <= $1) AS "isSuperseded"
      FROM notify.schedule_runs r
      JOIN notify.schedules s ON s.project_id = r.project_id AND s.schedule_id = r.schedule_id
      WHERE r.try_time <= $1 ORDER BY r.try_time LIMIT 1 FOR UPDATE OF r, s SKIP LOCKED`,
    values: [now],
  })
  return rows[0]
}

function keyOf({ projectId, scheduleId, occurrence, timezone }: RunRow): unknown[] {
  return [projectId, scheduleId, wallTime(occurrence), timezone]
}

const KEY = 'project_id = $1 AND schedule_id = $2 AND occurrence = $3::timestamp AND timezone = $4'

export async function endRun(tx: Tx, run: RunRow): Promise<void> {
  await tx.query({
    name: 'notify.schedules.end_run',
    text: `DELETE FROM notify.schedule_runs WHERE ${KEY}`,
    values: keyOf(run),
  })
}

/** Goes behind all that is due by now: a long audience does not keep the short ones of other schedules waiting. */
export async function moveCursor(tx: Tx, run: RunRow, cursor: string, now: Date): Promise<void> {
  await tx.query({
    name: 'notify.schedules.move_cursor',
    text: `UPDATE notify.schedule_runs SET cursor = $5, tries = 0, try_time = $6 WHERE ${KEY}`,
    values: [...keyOf(run), cursor, now],
  })
}

export async function postponeRun(tx: Tx, run: RunRow, tryTime: Date): Promise<void> {
  await tx.query({
    name: 'notify.schedules.postpone_run',
    text: `UPDATE notify.schedule_runs SET try_time = $5, tries = tries + 1 WHERE ${KEY}`,
    values: [...keyOf(run), tryTime],
  })
}

/** Adds to what the schedule has made, and what it could not. */
export async function countMade(
  tx: Tx,
  { projectId, scheduleId, dueMs }: RunRow,
  { made, failed, error }: { made: number; failed: number; error: string | undefined },
): Promise<void> {
  await tx.query({
    name: 'notify.schedules.count',
    text: `UPDATE notify.schedules SET made_count = made_count + $3, failed_count = failed_count + $4,
        last_error = coalesce($5, last_error), last_time = greatest(last_time, to_timestamp($6))
      WHERE project_id = $1 AND schedule_id = $2`,
    values: [projectId, scheduleId, made, failed, error ?? null, dueMs / 1000],
  })
}

export interface Members {
  projectId: string
  audience: { topic: string } | { segment: string }
  /** Empty: of all time zones. */
  timezone: string
  /** Of recipients without one. */
  defaultTimezone: string
  after: string
  limit: number
}

/**
 * The next recipients of an audience, by their ids. Undefined: there is no such topic or segment. Statements here are unnamed, since
 * segments differ.
 */
export async function nextMembers(executor: Executor, members: Members): Promise<string[] | undefined> {
  const { projectId, audience, timezone, defaultTimezone, after, limit } = members
  const values: unknown[] = [projectId, after, timezone, defaultTimezone, limit]
  const inZone = `($3 = '' OR coalesce(r.timezone, $4) = $3)`
  if ('topic' in audience) {
    const { rows } = await executor.query<{ found: boolean; id: string | null }>({
      text: `SELECT true AS found, m.recipient_id AS id FROM notify.topics t LEFT JOIN LATERAL (
          SELECT m.recipient_id FROM notify.topic_members m
          JOIN notify.recipients r ON r.project_id = m.project_id AND r.recipient_id = m.recipient_id
          WHERE m.project_id = t.project_id AND m.topic = t.topic AND m.recipient_id > $2 AND ${inZone}
          ORDER BY m.recipient_id LIMIT $5) m ON true
        WHERE t.project_id = $1 AND t.topic = $6 ORDER BY id`,
      values: [...values, audience.topic],
    })
    return rows.length === 0 ? undefined : rows.flatMap(({ id }) => id ?? [])
  }
  const found = await executor.query<{ rule: unknown }>({
    text: 'SELECT rule FROM notify.segments WHERE project_id = $1 AND segment = $2',
    values: [projectId, audience.segment],
  })
  const rule = found.rows[0] === undefined ? undefined : readRule(found.rows[0].rule)
  if (rule === undefined || !isRule(rule)) return undefined
  const condition = segmentCondition(rule, values.length + 1)
  const { rows } = await executor.query<{ id: string }>({
    text: `SELECT r.recipient_id AS id FROM notify.recipients r
      WHERE r.project_id = $1 AND r.recipient_id > $2 AND ${inZone} AND ${condition.text}
      ORDER BY r.recipient_id LIMIT $5`,
    values: [...values, ...condition.values],
  })
  return rows.map(({ id }) => id)
}

/** The time zones that a project's recipients live in. */
export async function findTimezones(executor: Executor, projectId: string): Promise<string[]> {
  const { rows } = await executor.query<{ timezone: string }>({
    text: 'SELECT DISTINCT timezone FROM notify.recipients WHERE project_id = $1 AND timezone IS NOT NULL',
    values: [projectId],
  })
  return rows.map((row) => row.timezone)
}

export async function findTimezone(
  executor: Executor,
  projectId: string,
  recipientId: string,
): Promise<string | undefined> {
  const { rows } = await executor.query<{ timezone: string | null }>({
    text: 'SELECT timezone FROM notify.recipients WHERE project_id = $1 AND recipient_id = $2',
    values: [projectId, recipientId],
  })
  return rows[0]?.timezone ?? undefined
}
