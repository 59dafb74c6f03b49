import type { Executor } from '@mainstay/kernel'

/** `WorkflowRunState` of the contract, as it is stored. */
export const RunState = { RUNNING: 1, COMPLETED: 2, DIGESTED: 3, FAILED: 4, CANCELLED: 5 } as const

/** The key of a run's last entry: no step can be called so, and only one entry can. */
export const LAST_ENTRY = ':ended'

/** A run as it is read by people. */
export interface RunRow {
  run_id: string
  live: boolean
  workflow: string
  version: number
  state: number
  recipient_id: string | null
  target: Record<string, string>
  dedupe_key: string | null
  step: string | null
  next_run_time: Date | null
  window_id: string | null
  item_count: number
  status_detail: string | null
  update_time: Date
  end_time: Date | null
}

export interface FullRunRow extends RunRow {
  data: Record<string, unknown>
}

const COLUMNS = `run_id, live, workflow, version, state, recipient_id, target, dedupe_key, step, next_run_time, window_id,
  item_count, status_detail, update_time, end_time`

export interface NewRun {
  projectId: string
  runId: string
  live: boolean
  workflow: string
  version: number
  recipientId: string | null
  /** JSON. */
  target: string
  data: string
  dedupeKey: string | null
  step: string
  actor: string
  requestId: string
  traceId: string
  now: Date
}

/**
 * Starts a run, unless one has its dedupe key: the constraint decides, whoever calls at once. A second call waits for the
 * commit of the first.
 *
 * @returns false: it was started before.
 */
export async function insertRun(executor: Executor, run: NewRun): Promise<boolean> {
  const { rowCount } = await executor.query({
    name: 'notify.workflow_run.insert',
    text: `
      INSERT INTO notify.workflow_runs (project_id, run_id, live, workflow, version, recipient_id, target, data, dedupe_key,
        step, actor, request_id, trace_id, next_run_time, update_time)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
      ON CONFLICT (project_id, live, workflow, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING`,
    values: [
      run.projectId,
      run.runId,
      run.live,
      run.workflow,
      run.version,
      run.recipientId,
      run.target,
      run.data,
      run.dedupeKey,
      run.step,
      run.actor,
      run.requestId,
      run.traceId,
      run.now,
    ],
  })
  return rowCount > 0
}

export async function findRun(
  executor: Executor,
  projectId: string,
  runId: string,
): Promise<FullRunRow | undefined> {
  const { rows } = await executor.query<FullRunRow>({
    name: 'notify.workflow_run.find',
    text: `SELECT ${COLUMNS}, data FROM notify.workflow_runs WHERE project_id = $1 AND run_id = $2`,
    values: [projectId, runId],
  })
  return rows[0]
}

export async function findRunByKey(
  executor: Executor,
  projectId: string,
  { live, workflow, dedupeKey }: { live: boolean; workflow: string; dedupeKey: string },
): Promise<FullRunRow | undefined> {
  const { rows } = await executor.query<FullRunRow>({
    name: 'notify.workflow_run.find_by_key',
    text: `
      SELECT ${COLUMNS}, data FROM notify.workflow_runs
      WHERE project_id = $1 AND live = $2 AND workflow = $3 AND dedupe_key = $4`,
    values: [projectId, live, workflow, dedupeKey],
  })
  return rows[0]
}

export interface RunFilter {
  workflow: string
  version: number
  states: readonly number[]
  recipientId: string
  dedupeKey: string
  live: boolean | null
}

/** A page of runs, newest first. Unnamed: planned for the filters that are set. */
export async function listRuns(
  executor: Executor,
  projectId: string,
  filter: RunFilter,
  before: string | undefined,
  limit: number,
): Promise<RunRow[]> {
  const values: unknown[] = [projectId]
  const conditions = ['project_id = $1']
  const want = (condition: string, value: unknown): void => {
    values.push(value)
    conditions.push(condition.replace('$?', `$${values.length}`))
  }
  if (filter.workflow !== '') want('workflow = $?', filter.workflow)
  if (filter.version !== 0) want('version = $?', filter.version)
  if (filter.states.length > 0) want('state = ANY ($?::int2[])', filter.states)
  if (filter.recipientId !== '') want('recipient_id = $?', filter.recipientId)
  if (filter.dedupeKey !== '') want('dedupe_key = $?', filter.dedupeKey)
  if (filter.live !== null) want('live = $?', filter.live)
  if (before !== undefined) want('run_id < $?', before)
  values.push(limit)
  const { rows } = await executor.query<RunRow>({
    text: `SELECT ${COLUMNS} FROM notify.workflow_runs WHERE ${conditions.join(' AND ')}
      ORDER BY run_id DESC LIMIT $${values.length}`,
    values,
  })
  return rows
}

/**
 * Ends a run that is under way, and what its fallback waits for. A worker that is moving it on has locked it: this waits for that
 * commit, and then cancels what comes after it.
 *
 * @returns false: it is not under way.
 */
export async function cancelRun(
  executor: Executor,
  { projectId, runId, actor, entryId, now }: CancelRun,
): Promise<boolean> {
  const { rowCount } = await executor.query({
    name: 'notify.workflow_run.cancel',
    text: `
      WITH cancelled AS (
        UPDATE notify.workflow_runs
        SET state = ${RunState.CANCELLED}, step = NULL, progress = NULL, next_run_time = NULL, end_time = $3,
          update_time = $3, status_detail = 'Cancelled by ' || $4::text
        WHERE project_id = $1 AND run_id = $2 AND state = ${RunState.RUNNING}
        RETURNING project_id, run_id
      ),
      entry AS (
        INSERT INTO notify.workflow_run_entries (project_id, run_id, entry, entry_id, kind, step, title, detail)
        SELECT project_id, run_id, '${LAST_ENTRY}', $5::uuid, 8, '', 'Cancelled', 'By ' || $4::text FROM cancelled
      ),
      waits AS (
        DELETE FROM notify.workflow_waits w USING cancelled c
        WHERE w.project_id = c.project_id AND w.run_id = c.run_id
      )
      SELECT FROM cancelled`,
    values: [projectId, runId, now, actor, entryId],
  })
  return rowCount > 0
}

export interface CancelRun {
  projectId: string
  runId: string
  actor: string
  /** uuid of the entry on the timeline. */
  entryId: string
  now: Date
}

export interface EntryRow {
  entry_id: string
  kind: number
  step: string
  title: string
  detail: string | null
  message_id: string | null
}

export async function listEntries(executor: Executor, projectId: string, runId: string): Promise<EntryRow[]> {
  const { rows } = await executor.query<EntryRow>({
    name: 'notify.workflow_run.entries',
    text: `
      SELECT entry_id, kind, step, title, detail, message_id FROM notify.workflow_run_entries
      WHERE project_id = $1 AND run_id = $2 ORDER BY entry_id`,
    values: [projectId, runId],
  })
  return rows
}

/** Forgets runs that ended before a time, with all that hangs on them; a thousand at a time. Returns how many. */
export async function deleteEndedRuns(executor: Executor, before: Date): Promise<number> {
  const { rowCount } = await executor.query({
    text: `
      WITH old AS MATERIALIZED (
        SELECT project_id, run_id FROM notify.workflow_runs WHERE end_time < $1 ORDER BY end_time LIMIT 1000
        FOR UPDATE SKIP LOCKED
      ),
      entries AS (
        DELETE FROM notify.workflow_run_entries e USING old WHERE e.project_id = old.project_id AND e.run_id = old.run_id
      ),
      items AS (
        DELETE FROM notify.workflow_items i USING old WHERE i.project_id = old.project_id AND i.window_id = old.run_id
      ),
      windows AS (
        DELETE FROM notify.workflow_windows w USING old WHERE w.project_id = old.project_id AND w.window_id = old.run_id
      )
      DELETE FROM notify.workflow_runs r USING old WHERE r.project_id = old.project_id AND r.run_id = old.run_id`,
    values: [before],
  })
  return rowCount
}
