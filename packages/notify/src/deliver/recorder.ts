import { setTimeout as delay } from 'node:timers/promises'
import { type Db, type Logger, newId, type Tx } from '@mainstay/kernel'
import { AttemptOutcome } from '@mainstay/proto/notify/v1'
import { buryDevices } from '../recipients/dead-devices.ts'
import { releaseSpend } from '../routing/spend-store.ts'
import { SUPPRESSION_REASONS } from '../suppressions/reason.ts'
import { suppressMessages } from '../suppressions/store.ts'
import { walkIndexes } from './batch-sql.ts'
import { type AttemptRecord, recordAttempts, recordLateWords } from './record-store.ts'

export interface Recorder {
  add(record: AttemptRecord): void
  /** Records that are not stored yet. */
  pending(): number
  /** Resolves once everything added before is stored; false when that did not succeed in time. */
  drain(timeoutMs: number): Promise<boolean>
}

const MOST_AT_ONCE = 1000
/** A commit for fewer than this waits a moment, but no longer than sends are under way: half of a small one is overhead. */
const WORTH_A_COMMIT = 400
const LINGER_MS = 25

/**
 * Stores records in batches: whatever comes in while one commit is under way makes up the next one, so that a busy
 * worker shares each commit among hundreds of messages and an idle one waits for nobody.
 *
 * A batch that the database refuses is kept and tried again for as long as the process lives: until it is stored,
 * the attempt counts as under way. `underWay` tells how many sends may still bring results; `onStored` is called after
 * each commit.
 */
export function createRecorder(
  db: Db,
  logger: Logger,
  underWay: () => number,
  onStored: (count: number) => void,
): Recorder {
  let waiting: AttemptRecord[] = []
  let storing = 0
  let running: Promise<void> | undefined
  let endLinger: (() => void) | undefined

  const isWorthACommit = (): boolean => waiting.length >= WORTH_A_COMMIT || underWay() === 0

  /** Waits until a commit is worth while, or long enough. */
  function linger(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, LINGER_MS)
      function done(): void {
        clearTimeout(timer)
        endLinger = undefined
        resolve()
      }
      endLinger = done
    })
  }

  async function store(batch: readonly AttemptRecord[]): Promise<void> {
    const sorted = batch.toSorted(inLockOrder)
    await db.transaction(async (tx) => {
      const missing = await recordAttempts(tx, sorted)
      await suppressFaulty(tx, sorted)
      await giveBack(tx, sorted, missing)
      if (missing.length === 0) return
      const words = missing
        .flatMap((index) => sorted[index] ?? [])
        .filter((record) => record.outcome !== AttemptOutcome.UNKNOWN)
        .map((record) => ({ ...record, noteId: newId() }))
      const decided = words.length === 0 ? [] : await recordLateWords(tx, words)
      logger.warn(
        { late: missing.length, decided: decided.length },
        'results came after their lease had ended: others had settled these attempts as unknown',
      )
    }, walkIndexes)
  }

  async function run(): Promise<void> {
    // Let the results that the same turn of the event loop brings join the batch.
    await new Promise((resolve) => setImmediate(resolve))
    for (let failures = 0; waiting.length > 0; ) {
      if (!isWorthACommit()) await linger()
      const batch = waiting.splice(0, MOST_AT_ONCE)
      storing = batch.length
      try {
        await store(batch)
        failures = 0
        onStored(batch.length)
      } catch (err) {
        waiting = [...batch, ...waiting]
        failures++
        logger.error({ err, waiting: waiting.length }, 'results could not be recorded; trying again')
        await delay(Math.min(5000, 50 * 2 ** failures))
      } finally {
        storing = 0
      }
    }
    running = undefined
  }

  return {
    add(record) {
      waiting.push(record)
      running ??= run()
      if (endLinger !== undefined && isWorthACommit()) endLinger()
    },
    pending: () => waiting.length + storing,
    async drain(timeoutMs) {
      if (running === undefined) return true
      const late = new AbortController()
      const timeout = delay(timeoutMs, false, { signal: late.signal }).catch(() => false)
      const stored = await Promise.race([running.then(() => true), timeout])
      late.abort()
      return stored
    },
  }
}

/** What a provider refuses for good is not tried again with other messages: it is in the commit that tells of the refusal. */
async function suppressFaulty(tx: Tx, records: readonly AttemptRecord[]): Promise<void> {
  const faulty = records.flatMap(({ projectId, messageId, attempt, reply, addressFaultOf: accountId }) =>
    accountId === undefined ? [] : [{ projectId, messageId, attempt, accountId, detail: reply ?? '' }],
  )
  if (faulty.length === 0) return
  const alive = await buryDevices(tx, faulty)
  const gone = faulty.filter(({ messageId }) => !alive.has(messageId))
  await suppressMessages(
    tx,
    gone.map((one) => ({ ...one, reason: BOUNCED, suppressionId: newId() })),
    new Date(),
  )
}

const BOUNCED = SUPPRESSION_REASONS.bounced

/** Gives caps back what was taken for attempts that were recorded as definitely not sent. Comes last: caps are locked last. */
export async function giveBack(
  tx: Tx,
  records: readonly AttemptRecord[],
  missing: readonly number[],
): Promise<void> {
  const spends = records.flatMap(({ spend }, index) =>
    spend === undefined || missing.includes(index) ? [] : [spend],
  )
  if (spends.length > 0) await releaseSpend(tx, spends)
}

/** Everyone who changes several messages at once locks them in this order: delivery reports, and workers settling. */
export function inLockOrder(
  a: { projectId: string; messageId: string },
  b: { projectId: string; messageId: string },
): number {
  if (a.projectId !== b.projectId) return a.projectId < b.projectId ? -1 : 1
  return a.messageId < b.messageId ? -1 : 1
}
