import { type Clock, type Db, type Logger, newId, type Tx } from '@mainstay/kernel'
import { cancelQueued } from '../../messages/decide-store.ts'
import { writeApart } from '../../write-apart.ts'
import type { Plan } from '../definition/plan.ts'
import type { Scope } from '../expression/evaluate.ts'
import { RunState } from '../run-store.ts'
import { findItems, findRecipients, pickRuns, type RecipientScope, wakeOvertaken } from './claim-store.ts'
import { deliver, type Send, wordsOf } from './deliver.ts'
import { MAX_ITEMS } from './digest.ts'
import { findFates, lockFates, type MessageRef } from './fate-store.ts'
import { addToWindows, writeMoves } from './move-store.ts'
import type { Move, PickedRun } from './run.ts'
import type { Surroundings } from './surroundings.ts'
import { walkRun } from './walk.ts'

export interface MoverDeps {
  db: Db
  clock: Clock
  logger: Pick<Logger, 'error' | 'warn'>
  send: Send
  /** The plan of a version, which never changes. */
  planOf(projectId: string, workflow: string, version: number): Promise<Plan>
}

/** What one batch came to. */
export interface Moved {
  /** Runs that were picked. */
  runs: number
  ended: number
  /** Messages that were taken out of the queue, or none. */
  withdrew: boolean
}

/**
 * Moves due runs on, each to where it has to wait or ends.
 *
 * The rows stay locked while the runs are walked and what they say is accepted, each message in the ledger's own commit; where
 * they have come to is written after that, for all of them in one. A process that dies in between leaves runs that are walked
 * again, and their dedupe keys make what they say again the same messages.
 */
export function createMover({ db, clock, logger, send, planOf }: MoverDeps) {
  async function walk(
    tx: Tx,
    turns: Turns,
    run: PickedRun,
    recipients: ReadonlyMap<string, RecipientScope>,
  ): Promise<Move & { withdrew: boolean }> {
    const { projectId } = run
    const recipient = recipients.get(keyOf(projectId, run.recipientId))
    const plan = await planOf(projectId, run.workflow, run.version)
    const items =
      run.itemCount === 0 ? [] : await turns.take(() => findItems(tx, projectId, run.runId, MAX_ITEMS * 2))
    const scope = scopeOf(run, recipient, items)
    const refs = (ids: readonly string[]): MessageRef[] => ids.map((messageId) => ({ projectId, messageId }))
    let withdrew = false
    const around: Surroundings = {
      nowMs: clock.nowMs(),
      scope,
      timezone: recipient?.timezone ?? plan.definition.timezone,
      deliver: (delivery) => deliver(send, run, plan, delivery, scope),
      fates: (ids) => turns.take(() => findFates(tx, refs(ids))),
      lockFates: (ids) => turns.take(() => lockFates(tx, refs(ids))),
      async withdraw(ids) {
        const gone: string[] = []
        for (const messageId of ids) {
          const decision = {
            ...{ projectId, messageId, nowMs: clock.nowMs(), noteId: newId(clock) },
            actor: `workflow:${run.workflow}`,
          }
          if (await turns.take(() => cancelQueued(tx, decision))) gone.push(messageId)
        }
        withdrew ||= gone.length > 0
        return gone
      },
    }
    return { ...(await walkRun(run, plan, around)), withdrew }
  }

  /** A run that cannot be walked for a reason nobody foresaw keeps its place, and says so. */
  function stuck(run: PickedRun, error: unknown): Move & { withdrew: boolean } {
    const failures = (run.progress?.failures ?? 0) + 1
    logger.error(
      { err: error, runId: run.runId, step: run.step },
      'a workflow run could not go on; trying again',
    )
    const pauseMs = Math.min(300_000, 1000 * 2 ** Math.min(failures, 20))
    return {
      ...{ run, state: RunState.RUNNING, step: run.step, made: run.made, entries: [], withdrew: false },
      progress: { ...run.progress, failures },
      nextRunMs: clock.nowMs() + pauseMs,
      detail: `Has to wait: ${wordsOf(error)}`,
      waits: (run.made[run.step] ?? []).flat(),
    }
  }

  /** Where the database refuses what a run has come to, that one keeps its place. Returns the moves as they were written. */
  async function write<M extends Move>(
    tx: Tx,
    walked: readonly M[],
  ): Promise<(M | ReturnType<typeof stuck>)[]> {
    const writing = { now: clock.now(), newId: () => newId(clock) }
    const refused = await writeApart(tx, walked, async (moves) => {
      const additions = moves.flatMap(({ run, addition }) =>
        addition === undefined ? [] : [{ run, addition }],
      )
      const windowIds = await addToWindows(tx, additions, writing)
      await writeMoves(tx, moves, windowIds, writing)
    })
    if (refused.length === 0) return [...walked]
    const kept = new Map(refused.map(({ item, error }) => [item, stuck(item.run, error)]))
    await writeMoves(tx, [...kept.values()], new Map(), writing)
    return walked.map((move) => kept.get(move) ?? move)
  }

  /** Moves a batch on, and returns when that is durable. */
  return async function moveBatch(limit: number): Promise<Moved> {
    const moves = await db.transaction(async (tx) => {
      const runs = await pickRuns(tx, clock.now(), limit)
      if (runs.length === 0) return []
      const wanted = runs.flatMap(({ projectId, recipientId }) =>
        recipientId === null ? [] : [{ projectId, recipientId }],
      )
      const recipients = new Map(
        (await findRecipients(tx, wanted)).map((one) => [keyOf(one.projectId, one.recipientId), one]),
      )
      const turns = createTurns()
      const results = await Promise.allSettled(runs.map((run) => walk(tx, turns, run, recipients)))
      await turns.done()
      const walked = results.map((result, index) =>
        result.status === 'fulfilled' ? result.value : stuck(runs[index] as PickedRun, result.reason),
      )
      return await write(tx, walked)
    })
    await wakeOvertaken(db, beganToWait(moves), clock.now())
    return {
      runs: moves.length,
      ended: moves.filter(({ step }) => step === null).length,
      withdrew: moves.some((move) => move.withdrew),
    }
  }
}

/**
 * Runs are walked at once; what they ask of the one connection that holds them comes one after the other. Once something has
 * failed there the transaction is lost for all of them: `done` says so.
 */
function createTurns() {
  let last: Promise<unknown> = Promise.resolve()
  let failure: { error: unknown } | undefined
  return {
    take<T>(fn: () => Promise<T>): Promise<T> {
      const turn = last.then(fn)
      last = turn.catch((error: unknown) => {
        failure ??= { error }
      })
      return turn
    },
    /** Throws what failed first. */
    async done(): Promise<void> {
      await last
      if (failure !== undefined) throw failure.error
    },
  }
}

type Turns = ReturnType<typeof createTurns>

/** Those that did not wait before: what they wait for may be over already, and its word gone by. */
function beganToWait(moves: readonly Move[]) {
  return moves
    .filter(({ run, progress }) => progress?.try !== undefined && progress.try !== run.progress?.try)
    .flatMap(({ run: { projectId, runId }, waits }) =>
      waits.map((messageId) => ({ projectId, runId, messageId })),
    )
}

function keyOf(projectId: string, recipientId: string | null): string {
  return `${projectId} ${recipientId}`
}

/** What expressions and texts see. The data's own fields are there as in templates; these four names are the workflow's. */
function scopeOf(
  { data, target, itemCount, recipientId }: PickedRun,
  recipient: RecipientScope | undefined,
  items: readonly Record<string, unknown>[],
): Scope {
  const { email = null, phone = null } = target
  const known = {
    id: recipientId,
    email: recipient?.email ?? email,
    phone: recipient?.phone ?? phone,
    displayName: recipient?.displayName ?? null,
    locale: recipient?.locale ?? null,
    timezone: recipient?.timezone ?? null,
    attributes: recipient?.attributes ?? {},
  }
  return { ...data, data, recipient: known, items, count: itemCount }
}
