import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromDate, timestampFromMs } from '@bufbuild/protobuf/wkt'
import { idTimeMs, type PageTokens, pageLimit, toTypeId } from '@mainstay/kernel'
import {
  type WorkflowRunSchema,
  type WorkflowSchema,
  Workflows as WorkflowsService,
} from '@mainstay/proto/notify/v1/workflows'
import { type Implementation, implement } from '@mainstay/rpc'
import { pathText } from './definition/definition.ts'
import type { ListedWorkflowRow, WorkflowRow } from './definition-store.ts'
import type { FullRunRow, RunRow } from './run-store.ts'
import { type PlacedProblem, type Source, type Workflows, yamlOf } from './service.ts'
import { readTimeline, type TimelineDeps } from './timeline.ts'

export interface WorkflowApiDeps extends TimelineDeps {
  workflows: Workflows
  pageTokens: PageTokens
}

/** The Workflows service: messages in, service calls, messages out. */
export function implementWorkflows(deps: WorkflowApiDeps): Implementation {
  const { workflows, pageTokens } = deps
  return implement(WorkflowsService, {
    async publishWorkflow({ source, validateOnly }, ctx) {
      const given: Source =
        source.case === 'yaml' ? { yaml: source.value } : { definition: { ...source.value } }
      const { row, unchanged, problems } = await workflows.publish(ctx, given, validateOnly)
      return { ...(row && { workflow: toWorkflow(row) }), unchanged, problems: problems.map(toProblem) }
    },
    async getWorkflow({ name, version }, { projectId }) {
      return toWorkflow(await workflows.get(projectId, name, version))
    },
    async listWorkflows({ pageSize, pageToken }, { projectId, method }) {
      const scope = { method, projectId, filter: {} }
      const [after = ''] = pageTokens.read(scope, pageToken) ?? []
      const limit = pageLimit(pageSize)
      const found = await workflows.list(projectId, String(after), limit + 1)
      const { rows, nextPageToken } = pageTokens.cut(scope, found, limit, ({ name }) => [name])
      return { workflows: rows.map(toListed), nextPageToken }
    },
    async listWorkflowVersions({ name, pageSize, pageToken }, { projectId, method }) {
      const scope = { method, projectId, filter: { name } }
      const [before = MAX_VERSION] = pageTokens.read(scope, pageToken) ?? []
      const limit = pageLimit(pageSize)
      const found = await workflows.versions(projectId, name, Number(before), limit + 1)
      const { rows, nextPageToken } = pageTokens.cut(scope, found, limit, ({ version }) => [version])
      return { versions: rows.map(toListed), nextPageToken }
    },
    async startWorkflow(request, ctx) {
      const { row, deduplicated } = await workflows.start(ctx, request)
      return { ...toFullRun(row), deduplicated }
    },
    async getWorkflowRun({ runId }, ctx) {
      return toFullRun(await workflows.getRun(ctx, runId))
    },
    async listWorkflowRuns({ pageSize, pageToken, live, states, ...asked }, { projectId, method }) {
      const { workflow, version, recipientId, dedupeKey } = asked
      const filter = { workflow, version, recipientId, dedupeKey, states, live: live ?? null }
      const scope = { method, projectId, filter }
      const [before] = pageTokens.read(scope, pageToken) ?? []
      const limit = pageLimit(pageSize)
      const found = await workflows.listRuns(
        projectId,
        filter,
        before === undefined ? undefined : String(before),
        limit + 1,
      )
      const { rows, nextPageToken } = pageTokens.cut(scope, found, limit, (last) => [last.run_id])
      return { runs: rows.map(toRun), nextPageToken }
    },
    async cancelWorkflowRun({ runId }, ctx) {
      return toFullRun(await workflows.cancel(ctx, runId))
    },
    async getWorkflowRunTimeline({ runId }, ctx) {
      const row = await workflows.getRun(ctx, runId)
      return { run: toFullRun(row), entries: await readTimeline(deps, ctx.projectId, row) }
    },
  })
}

const MAX_VERSION = 2_147_483_647

function toProblem({ path, description, line, column }: PlacedProblem) {
  return { path: pathText(path), description, line, column }
}

function toWorkflow(row: WorkflowRow): MessageInitShape<typeof WorkflowSchema> {
  const { description } = row.definition
  return {
    ...toListed({
      ...row,
      description: typeof description === 'string' ? description : '',
      running_count: 0,
    }),
    definition: row.definition as NonNullable<MessageInitShape<typeof WorkflowSchema>['definition']>,
    yaml: yamlOf(row),
  }
}

function toListed(row: ListedWorkflowRow): MessageInitShape<typeof WorkflowSchema> {
  return {
    name: row.name,
    version: row.version,
    description: row.description,
    stepCount: row.step_count,
    createTime: timestampFromDate(row.create_time),
    actor: row.actor,
    runningCount: BigInt(row.running_count),
  }
}

type RunInit = MessageInitShape<typeof WorkflowRunSchema>

function toFullRun(row: FullRunRow): RunInit {
  return { ...toRun(row), data: row.data as NonNullable<RunInit['data']> }
}

function toRun(row: RunRow): RunInit {
  const { recipientId = '', ...address } = row.target
  const time = (name: 'next_run_time' | 'end_time') => {
    const { [name]: value } = row
    return value === null ? undefined : timestampFromDate(value)
  }
  return {
    runId: toTypeId('wfr', row.run_id),
    workflow: row.workflow,
    version: row.version,
    state: row.state,
    recipientId: row.recipient_id ?? recipientId,
    address: Object.values(address)[0] ?? '',
    dedupeKey: row.dedupe_key ?? '',
    live: row.live,
    step: row.step ?? '',
    nextRunTime: time('next_run_time'),
    createTime: timestampFromMs(idTimeMs(row.run_id)),
    updateTime: timestampFromDate(row.update_time),
    endTime: time('end_time'),
    statusDetail: row.status_detail ?? '',
    digestRunId: row.window_id === null ? '' : toTypeId('wfr', row.window_id),
    itemCount: row.item_count,
  }
}
