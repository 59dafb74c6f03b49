import { createHash } from 'node:crypto'
import {
  type AppError,
  type Clock,
  type Db,
  type Logger,
  newTrace,
  type Tx,
  toAppError,
  toTypeId,
} from '@mainstay/kernel'
import type { SendNotificationRequest } from '@mainstay/proto/notify/v1'
import { MisfirePolicy, type Schedule } from '@mainstay/proto/notify/v1/schedules'
import type { StartWorkflowRequest } from '@mainstay/proto/notify/v1/workflows'
import { type CallContext, newRequestId, nobody } from '@mainstay/rpc'
import type { SendContext } from '../accept/send.ts'
import { formatLocal } from './local-time.ts'
import { GRACE_MS } from './planner.ts'
import {
  countMade,
  endRun,
  lockDueRun,
  moveCursor,
  nextMembers,
  postponeRun,
  type RunRow,
} from './run-store.ts'
import { readSpec, toRequest } from './spec.ts'

export interface RunnerDeps {
  db: Db
  clock: Clock
  logger: Pick<Logger, 'error'>
  /** As the API sends. */
  send(request: SendNotificationRequest, ctx: SendContext): Promise<unknown>
  /** As the API starts a workflow. */
  startWorkflow(ctx: CallContext, request: StartWorkflowRequest): Promise<unknown>
}

/** Recipients a step: they share commits, and a crash asks again for as many at the most. */
const CHUNK = 200
const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 300_000
/** After so many tries of one step, its recipients are given up: days. */
const MOST_TRIES = 300

/**
 * Takes one step of one run that is due: sends to its next recipients, and moves its cursor on once those are stored. The run stays
 * locked meanwhile. A process that dies in between leaves a cursor that has not moved; what is then asked for again is answered by
 * its dedupe key.
 *
 * @returns false when nothing is due.
 */
export async function runDue(deps: RunnerDeps): Promise<boolean> {
  const { db, clock, logger } = deps
  return db.transaction(async (tx) => {
    const run = await lockDueRun(tx, clock.now())
    if (run === undefined) return false
    try {
      await tx.savepoint(() => takeStep(deps, tx, run))
    } catch (err) {
      // It comes back later: what is due of other schedules does not wait for what is wrong with this one.
      logger.error(
        { err, scheduleId: run.scheduleId },
        'a schedule could not send what was due; trying again',
      )
      await postpone(tx, run, clock, toAppError(err))
    }
    return true
  })
}

async function takeStep(deps: RunnerDeps, tx: Tx, run: RunRow): Promise<void> {
  const { db, clock } = deps
  if (isMissed(run, clock.nowMs())) return await endRun(tx, run)
  const schedule = readSpec(run.spec)
  const { audience } = schedule
  const members =
    audience.case === undefined
      ? [undefined]
      : await nextMembers(db, {
          projectId: run.projectId,
          audience: audience.case === 'topic' ? { topic: audience.value } : { segment: audience.value },
          timezone: run.timezone,
          defaultTimezone: schedule.timing?.timezone ?? 'UTC',
          ...{ after: run.cursor, limit: CHUNK },
        })
  if (members === undefined) {
    const error = `There is no ${audience.case} "${audience.value}" any more.`
    await countMade(tx, run, { made: 0, failed: 1, error })
    return await endRun(tx, run)
  }
  const results = await Promise.allSettled(members.map((member) => make(deps, run, schedule, member)))
  const errors = results.flatMap((result) =>
    result.status === 'rejected' ? [toAppError(result.reason)] : [],
  )
  const passing = errors.find((error) => !isHopeless(error))
  if (passing !== undefined && run.tries < MOST_TRIES) return await postpone(tx, run, clock, passing)
  if (results.length > 0) {
    const made = results.length - errors.length
    await countMade(tx, run, { made, failed: errors.length, error: errors[0] && describe(errors[0]) })
  }
  const last = members.at(-1)
  if (last === undefined || members.length < CHUNK) await endRun(tx, run)
  else await moveCursor(tx, run, last, clock.now())
}

/** Tries a step again later, and says on the schedule why; after days of that, the run is given up. */
async function postpone(tx: Tx, run: RunRow, clock: Clock, error: AppError): Promise<void> {
  const isGivenUp = run.tries >= MOST_TRIES
  await countMade(tx, run, { made: 0, failed: isGivenUp ? 1 : 0, error: describe(error) })
  if (isGivenUp) return await endRun(tx, run)
  const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(run.tries, 20))
  await postponeRun(tx, run, new Date(clock.nowMs() + waitMs))
}

/** Late, where nobody was there for it: what the schedule's policy says. A run that has begun is brought to its end. */
function isMissed(run: RunRow, nowMs: number): boolean {
  if (run.cursor !== '' || run.tries > 0 || run.dueMs >= nowMs - GRACE_MS) return false
  if (run.misfirePolicy === MisfirePolicy.SKIP) return true
  return run.misfirePolicy !== MisfirePolicy.ALL && run.isSuperseded
}

async function make(
  { send, startWorkflow }: RunnerDeps,
  run: RunRow,
  schedule: Schedule,
  recipientId: string | undefined,
): Promise<void> {
  const { action } = schedule
  if (action.case === undefined) throw new TypeError('A stored schedule has an action')
  const request = toRequest(action, recipientId)
  const dedupeKey = keyOf(run, recipientId)
  const ctx = contextOf(run)
  if (request.case === 'workflow') await startWorkflow(ctx, { ...request.value, dedupeKey })
  else await send({ ...request.value, dedupeKey }, ctx)
}

/** The same however often it is asked for; a long recipient's id by its hash, since keys have a length. */
function keyOf({ scheduleId, occurrence }: RunRow, recipientId: string | undefined): string {
  const key = `schedule/${toTypeId('sch', scheduleId)}/${formatLocal(occurrence)}`
  if (recipientId === undefined) return key
  const isShort = recipientId.length <= 80
  return `${key}/${isShort ? recipientId : createHash('sha256').update(recipientId).digest('base64url')}`
}

function contextOf({ projectId, scheduleId, live }: RunRow): CallContext {
  return {
    projectId,
    caller: { ...nobody, id: toTypeId('sch', scheduleId), testMode: !live },
    trace: newTrace(),
    requestId: newRequestId(Date.now()),
    signal: new AbortController().signal,
    method: 'schedule',
    protocol: 'rest',
    clientAddress: '',
    deadlineMs: Number.POSITIVE_INFINITY,
    header: () => undefined,
    setHeader: () => undefined,
  }
}

/** What is wrong with this recipient or this request, and stays wrong; all else is tried again. */
function isHopeless({ code }: AppError): boolean {
  return ['invalid_argument', 'not_found', 'failed_precondition', 'already_exists'].includes(code)
}

function describe({ message, violations }: AppError): string {
  return [message, ...violations.map(({ field, description }) => `${field}: ${description}`)]
    .join('\n')
    .slice(0, 1000)
}
