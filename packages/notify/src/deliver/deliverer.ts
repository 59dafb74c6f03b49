import { setTimeout as delay } from 'node:timers/promises'
import type { Clock, Db, Logger, Metrics } from '@mainstay/kernel'
import { createAttachmentFiles } from '../attachments/files.ts'
import type { FindMailLinks } from '../preferences/mail-links.ts'
import type { ProviderDirectory } from '../provider-accounts/directory.ts'
import type { ProviderResult } from '../providers/adapter.ts'
import type { ContentRenderer } from '../rendering.ts'
import { createBreakers, type SharedBreakers } from '../routing/breaker.ts'
import { createRouter } from '../routing/router.ts'
import type { RoutingTable } from '../routing/table.ts'
import type { Track } from '../tracking/tracker.ts'
import { createAccounts } from './accounts.ts'
import { walkIndexes } from './batch-sql.ts'
import { ClaimInDoubt, claimBatch, type Job, LeaseLost } from './claim.ts'
import { hasDueCode, settleRows } from './claim-store.ts'
import { judge, storable, storableId } from './judge.ts'
import { createSlots, type PerLane, worthAClaim } from './lanes.ts'
import { createLease } from './lease.ts'
import { createDeliverMetrics } from './metrics.ts'
import { settleDeadWorkers } from './reaper.ts'
import { type AttemptRecord, recordAttempts } from './record-store.ts'
import { createRecorder, giveBack, inLockOrder } from './recorder.ts'
import { type Sending, sendBatch } from './send.ts'
import { type DeliverSettings, reportWaits, retryPolicies } from './settings.ts'
import { createSignal } from './signal.ts'

export interface DelivererDeps {
  db: Db
  directory: Pick<ProviderDirectory, 'candidates' | 'clientFor'>
  renderer: ContentRenderer
  /** Makes mail tell when it is opened and followed. Default: none does. */
  track?: Track
  /** What mail brings along for its recipient to say what they want. Default: nothing. */
  findMailLinks?: FindMailLinks
  clock: Clock
  logger: Logger
  metrics: Metrics
  settings: DeliverSettings
  /** What is decided about projects' routing, and where workers share their breakers. Absent: the worker goes by itself. */
  routing?: { tables: { get(projectId: string): Promise<RoutingTable> }; breakers: SharedBreakers }
  /** The wake-up: whoever queues a message sends on `QUEUE_CHANNEL`. Without it, work is found by polling. */
  bus?: { listen(channel: string, fn: () => void): Promise<() => void> }
  /** Called after a commit that changed messages: rows for those who watch and events for the outbox were written. */
  onChanged?: () => void
}

/** Where a message on the bus says that the queue has something new. */
export const QUEUE_CHANNEL = 'notify_queue'

/** One worker. Any number may run, in any number of processes, on one database. */
export interface Deliverer {
  start(): Promise<void>
  /** Claims nothing more, waits for sends under way up to the drain timeout, records, and leaves the list of workers. */
  stop(): Promise<void>
}

/** How often a worker looks for dead ones: every second, or a quarter of the lease if that is shorter. */
const LONGEST_REAP_GAP_MS = 1000

/** How long a stopping worker listens to clients that it has told to give up: most know at once how far they came. */
const LAST_WORDS_MS = 500

/** While there is more to do than places: how long a claim may wait for more places. Bounds how long a code waits. */
const LONGEST_GAP_MS = 20

/** While sends are under way: how often codes are looked for that no wake-up told of. */
const CODE_POLL_MS = 50

/**
 * The loop that takes messages from the queue to their providers: claim a batch and journal it (one commit), send all
 * of it at once, record results as they come (one commit per batch of them), and claim again as soon as a part of the
 * places is free, so that claiming, sending and recording overlap.
 *
 * Codes have a loop of their own beside it, for the places that are kept for them: a claim of some hundred bulk messages takes tens
 * of milliseconds, and more on a busy machine, and a code that comes meanwhile is not to wait for it.
 */
export function createDeliverer(deps: DelivererDeps): Deliverer {
  const { db, clock, logger, settings, onChanged = () => {} } = deps
  const policies = retryPolicies(settings)
  const reapEveryMs = Math.min(LONGEST_REAP_GAP_MS, settings.deliverLeaseMs / 4)
  const metrics = createDeliverMetrics(deps.metrics)
  // Fired when there may be work, and when enough places are free to make a claim worth its commit.
  const work = createSignal()
  const room = createSignal()
  // Fired when there may be a code while the loop is at something else.
  const urgent = createSignal()
  const slots = createSlots(settings.deliverConcurrency)
  const breakers = createBreakers({
    clock,
    shared: deps.routing?.breakers,
    onClosed: (accountId) => accounts.opened(accountId),
    onError: (err) => logger.warn({ err }, 'a provider account at rest could not be told to other workers'),
  })
  const accounts = createAccounts(breakers, () => {
    work.fire()
    room.fire()
  })
  const router = createRouter({ db, clock, breakers, tables: deps.routing?.tables })
  const lease = createLease(db, settings.deliverLeaseMs, logger)
  const files = createAttachmentFiles(db)
  const recorder = createRecorder(db, logger, slots.inFlight, (count) => {
    metrics.recorded(count)
    onChanged()
    if (crowded) room.fire()
  })
  const reportWaitMs = reportWaits(settings)
  const claimDeps = {
    ...deps,
    lease,
    accounts,
    router,
    noProviderRetryMs: settings.deliverNoProviderRetryMs,
    policies,
    reportWaitMs,
  }
  const underWay = new Set<Sending>()
  // How much to ask for: shrinks while most of what is picked has to be left, because its account is busy.
  let appetite = slots.total
  let freed = 0
  let crowded = false
  // The loop is at a claim, or waits for room: not for work.
  let busy = false
  let codeLoop: Promise<void> | undefined
  let stopping = false
  let unlisten: (() => void) | undefined
  let nextReap: NodeJS.Timeout | undefined
  let reaping: Promise<void> | undefined
  let loop: Promise<void> | undefined

  function report(job: Job, result: ProviderResult): void {
    const nowMs = clock.nowMs()
    const accountId = job.account.providerAccountId
    slots.give(job.lane)
    accounts.give(accountId, job.lane)
    accounts.answered(accountId, result)
    if (result.outcome === 'rejected_transient' && result.accountFault) {
      logger.warn({ providerAccountId: accountId, reply: result.reply }, 'a provider account is at fault')
    }
    metrics.attempt(job.lane, result.outcome)
    recorder.add(toRecord(job, result, nowMs))
    if (job.lane === 1) urgent.fire()
    if (++freed < worthAClaim(slots.total) && slots.inFlight() > 0) return
    room.fire()
    work.fire()
  }

  function toRecord(job: Job, result: ProviderResult, nowMs: number): AttemptRecord {
    const verdict = judge(result, job, nowMs, policies)
    const { projectId, messageId, attempt, workerId, subject } = job
    const given = result.outcome === 'accepted' ? result.providerMessageId : undefined
    const providerMessageId = given === undefined ? null : storableId(given)
    const reply = storable(result.reply)
    return {
      projectId,
      messageId,
      attempt,
      workerId,
      subject,
      ...verdict,
      possibleDuplicate: verdict.possibleDuplicate || job.isResend,
      endMs: nowMs,
      providerMessageId,
      reply,
      // Definitely not sent: what it would have cost is given back.
      spend: result.outcome.startsWith('rejected') ? job.spend : undefined,
      ...(result.outcome === 'rejected_permanent' &&
        result.addressFault === true && { addressFaultOf: job.account.providerAccountId }),
    }
  }

  /** Claims and sends one batch, and then waits for what makes the next one worth while. */
  async function turn(): Promise<void> {
    const places = placesToFill()
    const asked = places.own[0] + places.own[1] + places.own[2] + places.shared
    crowded = recorder.pending() > 4 * slots.total
    if (asked === 0 || crowded) return await room.wait(settings.deliverPollIntervalMs)
    if (lease.lapsed()) await lease.renew()
    freed = 0
    busy = true
    const { jobs, picked, aside, left, nextDueMs } = await claimBatch(claimDeps, places)
    if (aside > 0 || jobs.length > 0) onChanged()
    launch(jobs)
    appetite = left > 0 ? Math.max(8, 2 * jobs.length) : Math.min(slots.total, appetite * 2)
    if (picked > 0) return await room.wait(LONGEST_GAP_MS)
    // Due and not picked: its lane or its account has no place left, or another worker has its hand on it.
    const untilDueMs = (nextDueMs ?? 0) - clock.nowMs()
    const waitMs = untilDueMs > 0 ? untilDueMs : settings.deliverPollIntervalMs
    busy = false
    await work.wait(Math.min(waitMs, settings.deliverPollIntervalMs))
  }

  /** Codes take shared places here, before all others; their own are filled by `claimCodes`, which may run at the same time. */
  function placesToFill(): { own: PerLane; shared: number } {
    const { own, shared } = slots.free()
    const part = (free: number): number => Math.ceil(free * Math.min(1, appetite / slots.total))
    return { own: [0, part(own[1]), part(own[2])], shared: part(shared) }
  }

  /** Claims and sends codes while the other loop is busy, or has no place for them; else that one sees to them at once. */
  async function claimCodes(): Promise<void> {
    const { own: places, shared } = slots.free()
    const [own] = places
    if (own === 0 || lease.lapsed() || (!busy && shared > 0)) return
    if (!(await hasDueCode(db, clock.nowMs()))) return
    const { jobs, aside } = await claimBatch(claimDeps, { own: [own, 0, 0], shared: 0 })
    if (aside > 0 || jobs.length > 0) onChanged()
    launch(jobs)
    if (jobs.length > 0) urgent.fire()
  }

  async function runCodes(): Promise<void> {
    for (let failures = 0; !stopping; ) {
      await urgent.wait(slots.inFlight() > 0 ? CODE_POLL_MS : settings.deliverPollIntervalMs)
      if (stopping) return
      try {
        await claimCodes()
        failures = 0
      } catch (error) {
        failures++
        await recover(error)
        logger.error({ err: error }, 'claiming codes failed; trying again')
        await delay(Math.min(1000, 50 * 2 ** failures))
      }
    }
  }

  function launch(jobs: readonly Job[]): void {
    if (jobs.length === 0) return
    metrics.claimed(jobs.length)
    for (const job of jobs) slots.take(job.lane)
    if (!lease.lapsed()) {
      const sending = sendBatch(
        jobs,
        { timeoutMs: settings.deliverSendTimeoutMs, logger, files },
        report,
        (done) => underWay.delete(done),
      )
      underWay.add(sending)
      return
    }
    // The process stood still between journaling and here: others may settle these, so nothing is sent any more.
    for (const job of jobs)
      report(job, { outcome: 'rejected_transient', reply: 'not sent: the worker was suspended' })
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stopping; ) {
      try {
        await turn()
        failures = 0
      } catch (error) {
        failures++
        await recover(error)
        logger.error({ err: error }, 'claiming messages failed; trying again')
        await work.wait(Math.min(5000, 100 * 2 ** failures))
      }
    }
  }

  async function recover(error: unknown): Promise<void> {
    if (error instanceof LeaseLost) return await lease.renew().catch(() => undefined)
    if (error instanceof ClaimInDoubt) await disown(error.jobs)
  }

  /** Gives back what a claim in doubt may have journaled: it was never sent. Goes on until the database has answered. */
  async function disown(jobs: readonly Job[]): Promise<void> {
    const nowMs = clock.nowMs()
    const records = jobs.map((job) => ({
      ...toRecord(
        job,
        { outcome: 'rejected_transient', reply: 'not sent: the database connection broke' },
        nowMs,
      ),
      // What it was claimed for is still to be done.
      ...{ state: undefined, dueMs: nowMs, detail: null, doubt: job.doubt },
    }))
    for (let failures = 1; records.length > 0 && !stopping; failures++) {
      try {
        return await db.transaction(async (tx) => {
          await settleRows(tx, records)
          const sorted = records.toSorted(inLockOrder)
          await giveBack(tx, sorted, await recordAttempts(tx, sorted))
        }, walkIndexes)
      } catch (err) {
        logger.error({ err }, 'a claim in doubt could not be settled; trying again')
        await delay(Math.min(5000, 50 * 2 ** failures))
      }
    }
  }

  async function reap(): Promise<void> {
    try {
      const settled = await settleDeadWorkers({
        db,
        clock,
        policies,
        directory: deps.directory,
        reportWaitMs,
      })
      if (settled > 0) {
        logger.warn({ settled }, 'settled what a dead worker had under way: the outcome is unknown')
        metrics.reaped(settled)
        onChanged()
        work.fire()
      }
    } catch (err) {
      logger.error({ err }, 'looking for dead workers failed; trying again')
    }
    if (!stopping) nextReap = setTimeout(startReap, reapEveryMs * (0.75 + Math.random() / 2))
  }

  async function settle(untilMs: number): Promise<void> {
    while (slots.inFlight() > 0 && performance.now() < untilMs) await room.wait(untilMs - performance.now())
  }

  function startReap(): void {
    reaping = reap()
  }

  return {
    async start() {
      await lease.start()
      unlisten = await deps.bus?.listen(QUEUE_CHANNEL, () => {
        work.fire()
        urgent.fire()
      })
      startReap()
      loop = run()
      codeLoop = runCodes()
    },
    async stop() {
      if (stopping) return await loop
      stopping = true
      const giveUpAt = performance.now() + settings.deliverDrainTimeoutMs
      unlisten?.()
      work.fire()
      room.fire()
      urgent.fire()
      await Promise.all([loop, codeLoop])
      clearTimeout(nextReap)
      await reaping
      await settle(giveUpAt)
      for (const sending of underWay) sending.abort()
      await settle(performance.now() + LAST_WORDS_MS)
      for (const sending of underWay) sending.abandon()
      const drained = await recorder.drain(Math.max(1000, giveUpAt - performance.now()))
      if (slots.inFlight() > 0 || !drained) {
        logger.warn({ underWay: slots.inFlight() }, 'stopping with sends under way: their outcome is unknown')
      }
      await lease
        .release()
        .catch((err: unknown) => logger.warn({ err }, 'a worker lease could not be given back'))
    },
  }
}
