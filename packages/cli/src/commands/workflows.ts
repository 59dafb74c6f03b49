import { type JsonObject, toJson } from '@bufbuild/protobuf'
import { timestampDate } from '@bufbuild/protobuf/wkt'
import {
  PublishWorkflowResponseSchema,
  type Workflow,
  type WorkflowProblem,
  type WorkflowRun,
  type WorkflowRunEntry,
  WorkflowRunSchema,
  WorkflowRunState,
  WorkflowRunTimelineSchema,
  WorkflowSchema,
} from '@mainstay/proto/notify/v1/workflows'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CommandError, EXIT } from '../failure.ts'
import { details, print, table } from '../output.ts'
import type { Context } from '../program.ts'
import { readSource } from '../source.ts'

/** `workflows`: publish, list, start, runs, run, cancel. */
export function addWorkflows(program: Command, context: Context): void {
  const workflows = program.command('workflows').description('publish workflows and start them')
  addDefinitions(workflows, context)
  addRuns(workflows, context)
}

function addDefinitions(workflows: Command, context: Context): void {
  const { output } = context
  workflows
    .command('publish <file>')
    .description('publish a workflow from a file of YAML or JSON; - reads standard input')
    .option('--validate', 'only check it')
    .action(async (file: string, { validate = false }: { validate?: boolean }) => {
      const source = { case: 'yaml', value: await readSource(file) } as const
      const answer = await context.mainstay().workflows.publishWorkflow({ source, validateOnly: validate })
      const { workflow, unchanged, problems } = answer
      if (problems.length > 0) {
        if (output.json) output.write(JSON.stringify(toJson(PublishWorkflowResponseSchema, answer)))
        throw new CommandError(tellProblems(file, problems), EXIT.refused)
      }
      print(output, toJson(PublishWorkflowResponseSchema, answer), () => {
        const named = `${workflow?.name}, version ${workflow?.version}`
        if (unchanged) return `${named}: nothing has changed since it was published`
        return validate ? `${named}: nothing is wrong with it` : `${named}: published`
      })
    })

  workflows
    .command('list')
    .description('the newest version of every workflow')
    .action(async () => {
      const found: Workflow[] = []
      for await (const workflow of context.mainstay().workflows.listWorkflows({ pageSize: 500 })) {
        found.push(workflow)
      }
      if (output.json) for (const one of found) output.write(JSON.stringify(toJson(WorkflowSchema, one)))
      else if (found.length === 0)
        output.write('No workflows. Publish one: mainstay workflows publish FILE.yaml')
      else output.write(table(['name', 'version', 'steps', 'under way', 'description'], found.map(row)))
    })
}

interface StartFlags {
  to?: string
  phone?: string
  recipient?: string
  data: JsonObject
  dedupeKey?: string
  workflowVersion: number
}

function addRuns(workflows: Command, context: Context): void {
  const { output } = context
  workflows
    .command('start <name>')
    .description('start a run')
    .option('--to <email>', 'the email address it is for')
    .option('--phone <number>', 'or the phone number, +491701234567')
    .option('--recipient <id>', 'or the id of a stored recipient')
    .addOption(
      new Option('--data <key=value>', 'a value for its steps, read as JSON where it is some; repeat it')
        .argParser(collectData)
        .default({}, 'none'),
    )
    .option('--dedupe-key <key>', 'your name for this run; a second one is not started')
    .option('--workflow-version <n>', 'the version; 0 is the newest', parseVersion, 0)
    .action(async (name: string, flags: StartFlags) => {
      const run = await context.mainstay().workflows.startWorkflow({
        workflow: name,
        version: flags.workflowVersion,
        to: { target: readTarget(flags) },
        data: flags.data,
        ...(flags.dedupeKey ? { dedupeKey: flags.dedupeKey } : {}),
      })
      print(output, toJson(WorkflowRunSchema, run), () =>
        details([
          ['run', run.runId],
          ['workflow', `${run.workflow}, version ${run.version}`],
          [
            'note',
            run.deduplicated ? 'This dedupe key was used before: nothing new was started.' : undefined,
          ],
        ]),
      )
    })

  workflows
    .command('runs')
    .description('the newest runs')
    .option('--workflow <name>', 'only of this workflow')
    .option('--recipient <id>', 'only for this recipient')
    .option('--state <state>', 'only in this state; repeat it for more', collectState, [])
    .option('--limit <n>', 'how many', parseCount, 20)
    .action(
      async (flags: { workflow?: string; recipient?: string; state: WorkflowRunState[]; limit: number }) => {
        const found: WorkflowRun[] = []
        const asked = {
          ...(flags.workflow ? { workflow: flags.workflow } : {}),
          ...(flags.recipient ? { recipientId: flags.recipient } : {}),
          states: flags.state,
          pageSize: Math.min(flags.limit, 500),
        }
        for await (const run of context.mainstay().workflows.listWorkflowRuns(asked)) {
          if (found.push(run) >= flags.limit) break
        }
        if (output.json) for (const run of found) output.write(JSON.stringify(toJson(WorkflowRunSchema, run)))
        else if (found.length === 0)
          output.write('No runs. Start one: mainstay workflows start NAME --to you@example.com')
        else output.write(table(['run', 'workflow', 'state', 'for', 'at', 'started'], found.map(runRow)))
      },
    )

  workflows
    .command('run <run-id>')
    .description('one run and its timeline')
    .action(async (runId: string) => {
      const timeline = await context.mainstay().workflows.getWorkflowRunTimeline({ runId })
      if (output.json) output.write(JSON.stringify(toJson(WorkflowRunTimelineSchema, timeline)))
      else output.write(timeline.entries.map(entryLine).join('\n'))
    })

  workflows
    .command('cancel <run-id>')
    .description('let no further step of a run begin')
    .action(async (runId: string) => {
      const run = await context.mainstay().workflows.cancelWorkflowRun({ runId })
      print(output, toJson(WorkflowRunSchema, run), () => `${run.runId} is ${stateName(run.state)}`)
    })
}

/** As compilers tell it, so that editors find the place. JSON is YAML: both have lines. */
function tellProblems(file: string, problems: readonly WorkflowProblem[]): string {
  return problems
    .map(({ path, description, line, column }) => `${file}:${line}:${column}: ${path} ${description}`)
    .join('\n')
}

function readTarget({ to, phone, recipient }: StartFlags) {
  const given = [to, phone, recipient].filter((one) => one !== undefined)
  if (given.length !== 1) {
    throw new CommandError('Say who it is for: one of --to, --phone and --recipient.', EXIT.usage)
  }
  if (to !== undefined) return { case: 'email', value: to } as const
  if (phone !== undefined) return { case: 'phone', value: phone } as const
  return { case: 'recipientId', value: recipient ?? '' } as const
}

function collectData(pair: string, data: JsonObject): JsonObject {
  const at = pair.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write it as key=value.')
  return { ...data, [pair.slice(0, at)]: readValue(pair.slice(at + 1)) }
}

/** Conditions compare numbers with numbers: `total=120` is one. */
function readValue(text: string): JsonObject[string] {
  try {
    return JSON.parse(text) as JsonObject[string]
  } catch {
    return text // most values are words, and no JSON
  }
}

function row({ name, version, stepCount, runningCount, description }: Workflow): string[] {
  return [name, String(version), String(stepCount), String(runningCount), description]
}

function runRow(run: WorkflowRun): string[] {
  const started = run.createTime ? timestampDate(run.createTime).toISOString() : ''
  return [run.runId, run.workflow, stateName(run.state), run.recipientId || run.address, run.step, started]
}

function entryLine({ time, step, title, detail, messageId }: WorkflowRunEntry): string {
  const at = time ? timestampDate(time).toISOString().slice(11, 23) : ''.padEnd(12)
  const line = `${at}  ${step.padEnd(16)}  ${title}${messageId ? `  ${messageId}` : ''}`
  return detail ? `${line}\n${''.padEnd(32)}${detail.replaceAll('\n', `\n${''.padEnd(32)}`)}` : line
}

function stateName(state: WorkflowRunState): string {
  return (WorkflowRunState[state] ?? 'unspecified').toLowerCase()
}

function collectState(text: string, states: WorkflowRunState[]): WorkflowRunState[] {
  const state = WorkflowRunState[text.toUpperCase() as keyof typeof WorkflowRunState]
  if (state === undefined || state === WorkflowRunState.UNSPECIFIED) {
    throw new InvalidArgumentError('It is one of running, completed, digested, failed, cancelled.')
  }
  return [...states, state]
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('It is a number from 1 on.')
  return count
}

function parseVersion(text: string): number {
  const version = Number(text)
  if (!Number.isInteger(version) || version < 0) throw new InvalidArgumentError('It is a number from 0 on.')
  return version
}
