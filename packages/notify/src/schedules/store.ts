import type { Executor, Tx } from '@mainstay/kernel'

export interface ScheduleRow {
  projectId: string
  scheduleId: string
  live: boolean
  displayName: string
  /** JSON of the contract. */
  spec: unknown
  state: number
  misfirePolicy: number
  /** Times on the wall as milliseconds; see local-time.ts. */
  anchorLocal: number
  activeSince: Date
  lastLocal: number | null
  nextLocal: number | null
  nextTime: Date | null
  lastTime: Date | null
  occurrenceCount: number
  madeCount: number
  failedCount: number
  lastError: string
  actor: string
  version: number
  updateTime: Date
}

/** What people decide, and what follows from it. */
export type ScheduleChange = Pick<
  ScheduleRow,
  | 'displayName'
  | 'spec'
  | 'state'
  | 'misfirePolicy'
  | 'anchorLocal'
  | 'activeSince'
  | 'lastLocal'
  | 'nextLocal'
  | 'nextTime'
>

const local = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`

const COLUMNS = `project_id AS "projectId", schedule_id AS "scheduleId", live, display_name AS "displayName", spec, state,
  misfire_policy AS "misfirePolicy", ${local('anchor_local')} AS "anchorLocal", active_since AS "activeSince",
  ${local('last_local')} AS "lastLocal", ${local('next_local')} AS "nextLocal", next_time AS "nextTime",
  last_time AS "lastTime", occurrence_count AS "occurrenceCount", made_count::float8 AS "madeCount",
  failed_count::float8 AS "failedCount", last_error AS "lastError", actor, version, update_time AS "updateTime"`

/** A time on the wall as a parameter; `timestamp` knows no zone. */
export function wallTime(local: number | null): string | null {
  return local === null ? null : new Date(local).toISOString().slice(0, 19)
}

function changeValues(change: ScheduleChange): unknown[] {
  return [
    change.displayName,
    JSON.stringify(change.spec),
    change.state,
    change.misfirePolicy,
    wallTime(change.anchorLocal),
    change.activeSince,
    wallTime(change.lastLocal),
    wallTime(change.nextLocal),
    change.nextTime,
  ]
}

export async function insertSchedule(
  executor: Executor,
  key: Pick<ScheduleRow, 'projectId' | 'scheduleId' | 'live' | 'actor'>,
  change: ScheduleChange,
  now: Date,
): Promise<ScheduleRow> {
  const { rows } = await executor.query<ScheduleRow>({
    name: 'notify.schedules.insert',
    text: `INSERT INTO notify.schedules (project_id, schedule_id, live, actor, update_time, display_name, spec, state,
        misfire_policy, anchor_local, active_since, last_local, next_local, next_time)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::timestamp, $11, $12::timestamp, $13::timestamp, $14)
      RETURNING ${COLUMNS}`,
    values: [key.projectId, key.scheduleId, key.live, key.actor, now, ...changeValues(change)],
  })
  return rows[0] as ScheduleRow
}

export async function findSchedule(
  executor: Executor,
  projectId: string,
  scheduleId: string,
  lock = false,
): Promise<ScheduleRow | undefined> {
  const { rows } = await executor.query<ScheduleRow>({
    name: lock ? 'notify.schedules.lock' : 'notify.schedules.find',
    text: `SELECT ${COLUMNS} FROM notify.schedules WHERE project_id = $1 AND schedule_id = $2${lock ? ' FOR UPDATE' : ''}`,
    values: [projectId, scheduleId],
  })
  return rows[0]
}

export async function listSchedules(
  executor: Executor,
  projectId: string,
  { live, before, limit }: { live: boolean; before: string | null; limit: number },
): Promise<ScheduleRow[]> {
  const { rows } = await executor.query<ScheduleRow>({
    name: 'notify.schedules.list',
    text: `SELECT ${COLUMNS} FROM notify.schedules
      WHERE project_id = $1 AND live = $2 AND ($3::uuid IS NULL OR schedule_id < $3)
      ORDER BY schedule_id DESC LIMIT $4`,
    values: [projectId, live, before, limit],
  })
  return rows
}

/** The row is locked by the caller. */
export async function updateSchedule(
  tx: Tx,
  { projectId, scheduleId }: Pick<ScheduleRow, 'projectId' | 'scheduleId'>,
  change: ScheduleChange,
  now: Date,
): Promise<ScheduleRow> {
  const { rows } = await tx.query<ScheduleRow>({
    name: 'notify.schedules.update',
    text: `UPDATE notify.schedules SET display_name = $3, spec = $4, state = $5, misfire_policy = $6,
        anchor_local = $7::timestamp, active_since = $8, last_local = $9::timestamp, next_local = $10::timestamp,
        next_time = $11, update_time = $12, version = version + 1
      WHERE project_id = $1 AND schedule_id = $2 RETURNING ${COLUMNS}`,
    values: [projectId, scheduleId, ...changeValues(change), now],
  })
  return rows[0] as ScheduleRow
}

export async function deleteSchedule(
  executor: Executor,
  projectId: string,
  scheduleId: string,
): Promise<boolean> {
  const { rowCount } = await executor.query({
    name: 'notify.schedules.delete',
    text: 'DELETE FROM notify.schedules WHERE project_id = $1 AND schedule_id = $2',
    values: [projectId, scheduleId],
  })
  return rowCount > 0
}

/** Takes back what was planned and has not begun. */
export async function deleteWaitingRuns(tx: Tx, projectId: string, scheduleId: string): Promise<void> {
  await tx.query({
    name: 'notify.schedules.take_back',
    text: `DELETE FROM notify.schedule_runs WHERE project_id = $1 AND schedule_id = $2 AND cursor = '' AND tries = 0`,
    values: [projectId, scheduleId],
  })
}

/** Locks schedules that are to be planned, skipping what other processes plan. */
export async function lockDueSchedules(tx: Tx, now: Date, limit: number): Promise<ScheduleRow[]> {
  const { rows } = await tx.query<ScheduleRow>({
    name: 'notify.schedules.due',
    text: `SELECT ${COLUMNS} FROM notify.schedules WHERE next_time <= $1 ORDER BY next_time LIMIT $2
      FOR UPDATE SKIP LOCKED`,
    values: [now, limit],
  })
  return rows
}

export interface PlannedRun {
  occurrence: number
  timezone: string
  dueMs: number
}

export async function insertRuns(
  tx: Tx,
  { projectId, scheduleId }: Pick<ScheduleRow, 'projectId' | 'scheduleId'>,
  runs: readonly PlannedRun[],
): Promise<void> {
  await tx.query({
    name: 'notify.schedules.plan',
    text: `INSERT INTO notify.schedule_runs (project_id, schedule_id, occurrence, timezone, due_time, try_time)
      SELECT $1, $2, occurrence, timezone, to_timestamp(due_s), to_timestamp(due_s)
      FROM unnest($3::timestamp[], $4::text[], $5::float8[]) AS r (occurrence, timezone, due_s)
      ON CONFLICT DO NOTHING`,
    values: [
      projectId,
      scheduleId,
      runs.map((run) => wallTime(run.occurrence)),
      runs.map((run) => run.timezone),
      runs.map((run) => run.dueMs / 1000),
    ],
  })
}

export interface Progress {
  lastLocal: number | null
  nextLocal: number | null
  nextTime: Date | null
  happened: number
  state: number
  /** Null: none, what was said before stays. */
  error: string | null
}

/** Moves a schedule on. The row is locked by the caller. */
export async function moveOn(
  tx: Tx,
  { projectId, scheduleId }: Pick<ScheduleRow, 'projectId' | 'scheduleId'>,
  progress: Progress,
): Promise<void> {
  await tx.query({
    name: 'notify.schedules.move_on',
    text: `UPDATE notify.schedules SET last_local = $3::timestamp, next_local = $4::timestamp, next_time = $5,
        occurrence_count = occurrence_count + $6, state = $7, last_error = coalesce($8, last_error)
      WHERE project_id = $1 AND schedule_id = $2`,
    values: [
      projectId,
      scheduleId,
      wallTime(progress.lastLocal),
      wallTime(progress.nextLocal),
      progress.nextTime,
      progress.happened,
      progress.state,
      progress.error,
    ],
  })
}

/** Plans it later, and says why. The row is locked by the caller. */
export async function postponePlanning(
  tx: Tx,
  { projectId, scheduleId }: Pick<ScheduleRow, 'projectId' | 'scheduleId'>,
  nextTime: Date,
  error: string,
): Promise<void> {
  await tx.query({
    name: 'notify.schedules.postpone_planning',
    text: `UPDATE notify.schedules SET next_time = $3, last_error = $4 WHERE project_id = $1 AND schedule_id = $2`,
    values: [projectId, scheduleId, nextTime, error],
  })
}

/** The next moment at which there is something to plan or to run. Undefined: none is known. */
export async function nextDueMs(executor: Executor): Promise<number | undefined> {
  const { rows } = await executor.query<{ ms: number | null }>({
    name: 'notify.schedules.next_due',
    text: `SELECT (extract(epoch FROM least((SELECT min(next_time) FROM notify.schedules WHERE next_time IS NOT NULL),
      (SELECT min(try_time) FROM notify.schedule_runs))) * 1000)::float8 AS ms`,
    values: [],
  })
  return rows[0]?.ms ?? undefined
}
