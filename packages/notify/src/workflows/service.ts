import { recordAudit } from '@mainstay/access'
import {
  type AppError,
  appError,
  type Bus,
  type Clock,
  type Db,
  type FieldViolation,
  fromTypeId,
  newId,
  type Tx,
} from '@mainstay/kernel'
import type { StartWorkflowRequest } from '@mainstay/proto/notify/v1/workflows'
import type { CallContext } from '@mainstay/rpc'
import { stringify } from 'yaml'
import { reasons } from '../errors.ts'
import { requireMode } from '../test-mode.ts'
import { checkNames, type Names } from './check-names.ts'
import { checkStart, targetOf } from './check-start.ts'
import { type Definition, type Problem, pathText } from './definition/definition.ts'
import { countSteps, makePlan } from './definition/plan.ts'
import { readDefinition } from './definition/read.ts'
import { type Position, readYaml } from './definition/yaml.ts'
import {
  compareWithNewest,
  findWorkflow,
  insertWorkflow,
  type ListedWorkflowRow,
  listWorkflows,
  listWorkflowVersions,
  lockWorkflow,
  type WorkflowRow,
} from './definition-store.ts'
import { tellRuns } from './engine/wake.ts'
import {
  cancelRun,
  type FullRunRow,
  findRun,
  findRunByKey,
  insertRun,
  listRuns,
  type RunFilter,
  type RunRow,
  RunState,
} from './run-store.ts'

export interface WorkflowsDeps extends Names {
  db: Db
  bus: Pick<Bus, 'notify'>
  clock: Clock
}

/** What a publication is made from. */
export type Source = { definition: Record<string, unknown> } | { yaml: string }

/** A problem and where it stands in the YAML; 0 where there is none. */
export type PlacedProblem = Problem & Position

export interface Published {
  row: WorkflowRow | undefined
  unchanged: boolean
  problems: PlacedProblem[]
}

/** So many are told at the most: nobody reads more, and finding the place of each takes time. */
const MAX_PROBLEMS = 100

/** Workflows and their runs, as callers see them. */
export function createWorkflows(deps: WorkflowsDeps) {
  const { db, bus, clock } = deps
  const within = <T>(ctx: CallContext, fn: (tx: Tx) => Promise<T>): Promise<T> =>
    ctx.tx === undefined ? db.transaction(fn) : fn(ctx.tx)

  async function get(projectId: string, name: string, version: number): Promise<WorkflowRow> {
    const row = await findWorkflow(db, projectId, name, version)
    if (row !== undefined) return row
    const message =
      version === 0
        ? `There is no workflow "${name}". Publish it with PublishWorkflow.`
        : `There is no version ${version} of a workflow "${name}".`
    throw appError(reasons, 'notify.workflow_not_found', message)
  }

  async function check(projectId: string, source: Source) {
    const yaml = 'yaml' in source ? readYaml(source.yaml) : undefined
    if (yaml !== undefined && yaml.problems.length > 0) return { yaml, problems: yaml.problems }
    const value = 'yaml' in source ? yaml?.value : source.definition
    const { definition, problems } = readDefinition(value)
    problems.push(...(await checkNames(definition, projectId, deps)))
    const place = ({ path }: Problem): Position => yaml?.locate(path) ?? { line: 0, column: 0 }
    const placed = problems.slice(0, MAX_PROBLEMS).map((problem) => ({ ...problem, ...place(problem) }))
    placed.sort((a, b) => a.line - b.line || a.column - b.column)
    return { definition, value, problems: placed }
  }

  async function getRun(ctx: CallContext, runId: string): Promise<FullRunRow> {
    const uuid = fromTypeId('wfr', runId)
    const row = uuid === undefined ? undefined : await findRun(ctx.tx ?? db, ctx.projectId, uuid)
    if (row !== undefined) return row
    throw appError(
      reasons,
      'notify.workflow_run_not_found',
      `There is no run ${runId} in this project. Runs are forgotten when their retention ends.`,
    )
  }

  return {
    get,
    getRun,

    /** Checks a definition and, unless that is all that is wanted, makes it the next version. */
    async publish(ctx: CallContext, source: Source, validateOnly: boolean): Promise<Published> {
      const { projectId } = ctx
      const { definition, value, problems } = await check(projectId, source)
      if (problems.length > 0 || definition === undefined) {
        if (validateOnly) return { row: undefined, unchanged: false, problems }
        throw invalid(problems)
      }
      const row = toRow(definition, value, source, ctx.caller.id, clock.now())
      if (validateOnly) {
        const newest = await compareWithNewest(db, projectId, definition.name, row.definition)
        if (newest?.same) return { row: newest, unchanged: true, problems }
        const made = { ...row, version: (newest?.version ?? 0) + 1, definition: JSON.parse(row.definition) }
        return { row: made, unchanged: false, problems }
      }
      return await within(ctx, async (tx) => {
        await lockWorkflow(tx, projectId, definition.name)
        const newest = await compareWithNewest(tx, projectId, definition.name, row.definition)
        if (newest?.same) return { row: newest, unchanged: true, problems }
        const act = { actor: ctx.caller.id, requestId: ctx.requestId }
        const resource = definition.name
        await recordAudit(tx, clock, act, { projectId, action: 'notify.workflows.publish', resource })
        const made = { ...row, version: (newest?.version ?? 0) + 1 }
        return { row: await insertWorkflow(tx, projectId, made), unchanged: false, problems }
      })
    },

    list: (projectId: string, after: string, limit: number): Promise<ListedWorkflowRow[]> =>
      listWorkflows(db, projectId, after, limit),

    async versions(
      projectId: string,
      name: string,
      before: number,
      limit: number,
    ): Promise<ListedWorkflowRow[]> {
      const rows = await listWorkflowVersions(db, projectId, name, before, limit)
      if (rows.length === 0) await get(projectId, name, 0)
      return rows
    },

    /** Starts a run, once for each dedupe key. */
    async start(
      ctx: CallContext,
      request: StartWorkflowRequest,
    ): Promise<{ row: FullRunRow; deduplicated: boolean }> {
      const { projectId, caller } = ctx
      const { workflow, dedupeKey, data = {} } = request
      const live = !caller.testMode
      const earlier =
        dedupeKey === ''
          ? undefined
          : await findRunByKey(ctx.tx ?? db, projectId, { live, workflow, dedupeKey })
      if (earlier !== undefined) return { row: earlier, deduplicated: true }
      const { definition: source, version } = await get(projectId, workflow, request.version)
      const plan = makePlan(readDefinition(source).definition)
      const target = targetOf(request.to)
      const violations = checkStart(plan, data, dedupeKey)
      if (violations.length > 0) throw refuse(violations)
      const runId = newId(clock)
      const run = {
        ...{ projectId, runId, live, workflow, version },
        recipientId: target.recipientId ?? null,
        target: JSON.stringify(target),
        data: JSON.stringify(data),
        dedupeKey: dedupeKey || null,
        step: plan.first ?? '',
        actor: caller.id,
        requestId: ctx.requestId,
        traceId: ctx.trace.traceId,
        now: clock.now(),
      }
      return await within(ctx, async (tx) => {
        const started = await insertRun(tx, run)
        if (started) await tellRuns(bus, tx)
        const row = started
          ? await findRun(tx, projectId, runId)
          : await findRunByKey(tx, projectId, { live, workflow, dedupeKey })
        if (row === undefined) throw new TypeError('A run that holds its dedupe key is gone')
        return { row, deduplicated: !started }
      })
    },

    listRuns: (
      projectId: string,
      filter: RunFilter,
      before: string | undefined,
      limit: number,
    ): Promise<RunRow[]> => listRuns(db, projectId, filter, before, limit),

    async cancel(ctx: CallContext, runId: string): Promise<FullRunRow> {
      const { run_id: uuid, live } = await getRun(ctx, runId)
      const { projectId, caller } = ctx
      requireMode(caller, live, 'This run is live: use a live key, or live mode in the console.')
      const act = { projectId, runId: uuid, actor: caller.id, entryId: newId(clock), now: clock.now() }
      const done = await cancelRun(ctx.tx ?? db, act)
      const row = await getRun(ctx, runId)
      if (done || row.state === RunState.CANCELLED) return row
      throw appError(
        reasons,
        'notify.workflow_run_ended',
        'Only a run that is under way can be cancelled; this one has ended.',
      )
    },
  }
}

export type Workflows = ReturnType<typeof createWorkflows>

function toRow(definition: Definition, value: unknown, source: Source, actor: string, now: Date) {
  return {
    name: definition.name,
    version: 0,
    definition: JSON.stringify(value),
    yaml: 'yaml' in source ? source.yaml : null,
    step_count: countSteps(definition.steps),
    actor,
    create_time: now,
  }
}

/** The YAML of a version: its author's, or made from the JSON. */
export function yamlOf({ yaml, definition }: Pick<WorkflowRow, 'yaml' | 'definition'>): string {
  return yaml ?? stringify(definition, { lineWidth: 100 })
}

function invalid(problems: readonly PlacedProblem[]): AppError {
  const count = problems.length === 1 ? 'one thing is' : `${problems.length} things are`
  return appError(
    reasons,
    'notify.workflow_invalid',
    `The workflow cannot be published: ${count} wrong with it.`,
    {
      violations: problems.map(({ path, description, line, column }) => ({
        field: pathText(path),
        description: line === 0 ? description : `${description}, line:${line}, col:${column}`,
      })),
    },
  )
}

function refuse(violations: readonly FieldViolation[]): AppError {
  const [first] = violations
  return appError(
    reasons,
    'notify.request_invalid',
    `The run cannot be started. ${first?.field}: ${first?.description}`,
    { violations },
  )
}
