import { type AppError, type Clock, type Db, newId, type Tx, toAppError } from '@mainstay/kernel'
import { MessageState, type UnknownPolicy } from '@mainstay/proto/notify/v1'
import { findWishes, type Gate, type Wish } from '../preferences/gate-store.ts'
import { type FindMailLinks, withLinks } from '../preferences/mail-links.ts'
import { type ProviderCandidate, type ProviderDirectory, takersOf } from '../provider-accounts/directory.ts'
import type { ProviderClient } from '../providers/adapter.ts'
import { channelName, providerChannelName } from '../providers/outgoing.ts'
import { type ContentRenderer, isReady, type ProviderContent, subjectOf, withExtras } from '../rendering.ts'
import type { Route } from '../routing/choose.ts'
import { bySegments, type RouteRequest, type Router } from '../routing/router.ts'
import type { Spend } from '../routing/spend-store.ts'
import { tellSuppressed } from '../suppressions/reason.ts'
import type { Track } from '../tracking/tracker.ts'
import type { Accounts } from './accounts.ts'
import { NOTHING_TOLD, takeAim } from './aim.ts'
import { walkIndexes } from './batch-sql.ts'
import {
  type Aside,
  findNextDue,
  findRefusals,
  handToCourier,
  journalCalling,
  type PickedRow,
  type PickLimits,
  pickDue,
  setAside,
} from './claim-store.ts'
import { Doubt, type Means, meansOf } from './doubt.ts'
import { IN_DOUBT } from './judge.ts'
import type { Lane, PerLane } from './lanes.ts'
import type { Lease } from './lease.ts'
import type { RetryPolicies } from './settings.ts'

/** A message whose attempt is journaled as under way: it may be sent now, once. */
export interface Job {
  projectId: string
  messageId: string
  notificationId: string
  lane: Lane
  attempt: number
  workerId: string
  expireMs: number
  unknownPolicy: UnknownPolicy
  /** See Attempted. */
  inDoubt: boolean
  /** It is sent although an earlier attempt may have reached the recipient, because the message's policy says so. */
  isResend: boolean
  /** What the attempt is made for. `LOOK_UP`: nothing is sent, the provider is asked what became of it. */
  doubt: Doubt
  /** See Attempted. */
  doubtMs: number
  means: Means
  to: string
  traceId: string | null
  content: ProviderContent
  /** The subject a template made; null where the content is inline. */
  subject: string | null
  /** Of an email, beyond those that its adapter makes. */
  headers: Readonly<Record<string, string>>
  account: ProviderCandidate
  client: ProviderClient
  /** Should the account refuse it for good, there is another that may take it. */
  othersLeft: boolean
  /** What was taken out of caps for it. */
  spend: Spend | undefined
}

export interface ClaimDeps {
  db: Db
  clock: Clock
  lease: Lease
  accounts: Accounts
  router: Router
  directory: Pick<ProviderDirectory, 'candidates' | 'clientFor'>
  renderer: ContentRenderer
  /** Makes mail tell when it is opened and followed, where its project wants that. Default: none does. */
  track?: Track
  /** Absent: this installation has no public address. */
  findMailLinks?: FindMailLinks
  noProviderRetryMs: number
  policies: RetryPolicies
  /** How long a provider's report is waited for when its answer was lost. */
  reportWaitMs: Readonly<Record<Lane, number>>
}

export interface Claimed {
  jobs: Job[]
  /** Rows that were looked at: as many as asked for means that more may be waiting. */
  picked: number
  /** Rows that ended or were put off without an attempt. */
  aside: number
  /** Rows left alone, because what they would send to has no place now. */
  left: number
  /** With nothing picked: when the next row is due, in milliseconds since 1970; undefined when none waits. */
  nextDueMs: number | undefined
}

/**
 * Claims due messages of all lanes and journals an attempt for each, in one commit.
 *
 * Picking locks the rows and writes nothing; rendering and routing happen under those locks; then one statement
 * journals every attempt as under way, and only after the commit may a socket open. A crash before the commit gives
 * the rows back at once, because the locks die with the connection; a crash after it leaves outcomes that we can only
 * call unknown. The alternative, a committed `claimed` phase first, is a second commit and a second version of each
 * row, and makes work wait out a lease that was never in doubt.
 *
 * Only as many are claimed as can be sent at once, so that what is journaled as under way really is.
 */
export async function claimBatch(
  deps: ClaimDeps,
  places: { own: PerLane; shared: number },
): Promise<Claimed> {
  const { db, clock, lease, accounts } = deps
  const workerId = lease.workerId()
  const taken: Job[] = []
  try {
    return await db.transaction(async (tx) => {
      giveBack(accounts, taken)
      const limits: PickLimits = { ...places, nowMs: clock.nowMs(), passOver: accounts.passedOver() }
      const rows = await pickDue(tx, limits)
      const retried = rows.filter(({ leaseEpoch }) => leaseEpoch > 0)
      const refusals = retried.length === 0 ? NO_REFUSALS : await findRefusals(tx, retried)
      const wishes = await findWishes(tx, rows, limits.nowMs)
      const asides: Aside[] = []
      const strays: PickedRow[] = []
      const routes = new Map<Job, Route>()
      let left = 0
      for (const row of rows) {
        const { messageId } = row
        const known = { refusedBy: refusals.get(messageId), wish: wishes.get(messageId) }
        const prepared = await prepare(deps, row, workerId, rows.length, known)
        if (prepared === 'no_place') left++
        else if (prepared === 'inbox') strays.push(row)
        else if ('aside' in prepared) asides.push(prepared.aside)
        else {
          taken.push(prepared.job)
          routes.set(prepared.job, prepared.route)
        }
      }
      asides.push(...(await holdBack(tx, deps, taken)))
      if (strays.length > 0) await handToCourier(tx, strays)
      await write(tx, deps, workerId, taken, routes, asides)
      const nextDueMs = rows.length === 0 ? await findNextDue(tx, limits.passOver) : undefined
      return { jobs: taken, picked: rows.length, aside: asides.length, left, nextDueMs }
    }, walkIndexes)
  } catch (error) {
    const jobs = [...taken]
    giveBack(accounts, taken)
    if (toAppError(error).reason === 'kernel.commit_unknown') throw new ClaimInDoubt(jobs, error)
    throw error
  }
}

/** The connection broke at the commit: these may be journaled as under way, but were never sent. */
export class ClaimInDoubt extends Error {
  readonly jobs: readonly Job[]

  constructor(jobs: readonly Job[], cause: unknown) {
    super('the commit of a claim got no answer', { cause })
    this.jobs = jobs
  }
}

/** The lease was lost before the attempts were journaled; nothing was claimed. */
export class LeaseLost extends Error {}

async function write(
  tx: Tx,
  { clock }: ClaimDeps,
  workerId: string,
  jobs: readonly Job[],
  routes: ReadonlyMap<Job, Route>,
  asides: readonly Aside[],
): Promise<void> {
  if (jobs.length > 0) {
    const calling = jobs.map((job) => ({
      projectId: job.projectId,
      messageId: job.messageId,
      providerAccountId: job.account.providerAccountId,
      rejected: routes.get(job)?.rejected ?? [],
      why: routes.get(job)?.why,
    }))
    if (!(await journalCalling(tx, workerId, clock.nowMs(), calling))) throw new LeaseLost()
  }
  if (asides.length > 0) await setAside(tx, clock.nowMs(), asides)
}

function giveBack(accounts: Accounts, taken: Job[]): void {
  for (const job of taken) accounts.give(job.account.providerAccountId, job.lane)
  taken.length = 0
}

/** Takes what the jobs cost out of the project's caps; those that do not fit are taken off the list, to wait. */
async function holdBack(tx: Tx, { router, accounts, clock }: ClaimDeps, jobs: Job[]): Promise<Aside[]> {
  const costly = jobs.filter(({ spend }) => spend !== undefined)
  if (costly.length === 0) return []
  const spends = costly.flatMap(({ spend, lane }) => (spend === undefined ? [] : [{ ...spend, lane }]))
  const asides: Aside[] = []
  for (const [index, { detail, untilMs }] of await router.reserve(tx, spends)) {
    const job = costly[index]
    if (job === undefined) continue
    jobs.splice(jobs.indexOf(job), 1)
    accounts.give(job.account.providerAccountId, job.lane)
    asides.push(waiting(job, clock.nowMs(), detail, untilMs))
  }
  return asides
}

type Prepared = { job: Job; route: Route } | { aside: Aside } | 'no_place' | 'inbox'

/** What other tables say about a picked row. */
interface Known {
  /** The accounts that refused it for good. */
  refusedBy: readonly string[] | undefined
  /** What its recipient says about it; undefined: nothing. */
  wish: Wish | undefined
}

async function prepare(
  deps: ClaimDeps,
  row: PickedRow,
  workerId: string,
  batchSize: number,
  { refusedBy = [], wish }: Known,
): Promise<Prepared> {
  const { accounts, clock } = deps
  const { projectId, messageId, notificationId, content, lane } = row
  const hasEnded = notificationId === null || content === null || row.state !== MessageState.ACCEPTED
  if (hasEnded) return { aside: { projectId, messageId, state: -1, dueMs: 0, detail: null, noteId: newId() } }
  const nowMs = clock.nowMs()
  if (row.expireMs <= nowMs && row.doubt === Doubt.NONE) {
    return end(row, MessageState.EXPIRED, 'It was not sent in time: it expired while it waited.')
  }
  // What was queued set-wise, as campaigns do, comes by here once.
  if (channelName(row.channel) === 'inbox') return 'inbox'
  const channel = providerChannelName(row.channel)
  const all =
    channel === undefined
      ? []
      : takersOf(await deps.directory.candidates(projectId, row.live, channel), row.to)
  const { pinnedAccountId: pin } = row
  const candidates = pin === null ? all : all.filter(({ providerAccountId }) => providerAccountId === pin)
  const aim = takeAim(deps, row, candidates)
  if (aim === undefined) return end(row, MessageState.UNKNOWN, NOTHING_TOLD)
  if (row.doubt === Doubt.NONE || aim.isResend) {
    if (row.suppression !== null) {
      return end(row, MessageState.SUPPRESSED, tellSuppressed(row.suppression))
    }
    if (wish?.gate !== undefined) return stop(row, wish.gate)
  }
  const request: RouteRequest = {
    ...{ projectId, channel: channel ?? 'email', lane, to: row.to, batchSize, ...aim.binding },
    smsText: 'sms' in content ? content.sms.text : undefined,
    refusedBy,
    refusedLast:
      row.possibleDuplicate || aim.doubt !== Doubt.NONE ? undefined : (row.previousAccountId ?? undefined),
    takePlace: (candidate) => accounts.take(projectId, candidate, lane),
    givePlace: ({ providerAccountId }) => accounts.give(providerAccountId, lane),
  }
  const routed = await deps.router.route(request, candidates)
  if (routed === 'no_place') return 'no_place'
  if (routed === 'refused') return end(row, MessageState.FAILED, REFUSED_BY_ALL)
  if ('wait' in routed) return putOff(deps, row, routed.wait.detail, routed.wait.untilMs)
  const { route, othersLeft } = routed
  // A call with the same key is paid once, and a question costs nothing: what was taken for the first call stands.
  const spend = aim.doubt === Doubt.NONE ? routed.spend : undefined
  const { account } = route
  try {
    const client = await deps.directory.clientFor(projectId, account.providerAccountId)
    const links = deps.findMailLinks?.(row, wish?.isMandatory ?? false)
    const filled = isReady(content)
      ? undefined
      : await deps.renderer.render(projectId, withLinks(content, links))
    const said = (filled === undefined ? content : withExtras(filled, content)) as ProviderContent
    const job: Job = {
      projectId,
      messageId,
      notificationId,
      lane,
      attempt: row.leaseEpoch + 1,
      workerId,
      expireMs: row.expireMs,
      unknownPolicy: row.unknownPolicy,
      inDoubt: row.possibleDuplicate || aim.isResend,
      isResend: aim.isResend,
      doubt: aim.doubt,
      doubtMs: row.doubtMs ?? nowMs,
      means: meansOf(account, deps.reportWaitMs[lane]),
      to: row.to,
      traceId: row.traceId,
      content: (await deps.track?.(row, said)) ?? said,
      subject: filled !== undefined && 'template' in content ? subjectOf(filled) : null,
      headers: links?.headers ?? NO_HEADERS,
      account,
      client,
      othersLeft,
      spend: filled !== undefined && 'sms' in filled ? bySegments(spend, account, filled.sms.text) : spend,
    }
    return { job, route }
  } catch (error) {
    accounts.give(account.providerAccountId, lane)
    return unprepared(deps, row, account, toAppError(error))
  }
}

/** A template that cannot be rendered now never can, since versions do not change. All else may pass. */
function unprepared(deps: ClaimDeps, row: PickedRow, account: ProviderCandidate, error: AppError): Prepared {
  if (error.code === 'invalid_argument' || error.reason === 'notify.template_not_found') {
    return end(row, MessageState.FAILED, `It could not be made: ${error.message}`)
  }
  if (error.reason.startsWith('kernel.database')) throw error
  deps.accounts.faulty(account.providerAccountId)
  return putOff(deps, row, `The provider account ${account.displayName} cannot be used: ${error.message}`)
}

const NO_HEADERS: Job['headers'] = Object.freeze({})

const NO_REFUSALS: ReadonlyMap<string, readonly string[]> = new Map()

const REFUSED_BY_ALL = 'Every provider account that could take it has refused it for good.'

function putOff(
  { clock, noProviderRetryMs }: ClaimDeps,
  row: PickedRow,
  detail: string,
  untilMs?: number,
): Prepared {
  const nowMs = clock.nowMs()
  return { aside: waiting(row, nowMs, detail, untilMs ?? nowMs + noProviderRetryMs) }
}

/** Waits are spread out by up to a fifth, and never go beyond the expiry, which is looked at when it comes. */
function waiting(
  { projectId, messageId, expireMs }: Pick<PickedRow, 'projectId' | 'messageId' | 'expireMs'>,
  nowMs: number,
  detail: string,
  untilMs: number,
): Aside {
  const waitMs = Math.max(untilMs - nowMs, 10)
  const dueMs = Math.min(expireMs, Math.ceil(nowMs + waitMs * (1 + Math.random() / 5)))
  return { projectId, messageId, state: 0, dueMs, detail, noteId: newId() }
}

/** Ends what its recipient does not want; what quiet hours keep waits for their very end, unless it expires before. */
function stop(row: PickedRow, gate: Gate): Prepared {
  if ('skip' in gate) return end(row, MessageState.SKIPPED, gate.skip)
  const { projectId, messageId, expireMs } = row
  const dueMs = Math.min(expireMs, gate.untilMs)
  return {
    aside: { projectId, messageId, state: 0, isHeld: true, dueMs, detail: gate.heldBy, noteId: newId() },
  }
}

/** The end without an attempt; where an earlier one may have reached the recipient, nobody can say that it did not. */
function end(
  { projectId, messageId, possibleDuplicate, doubt }: PickedRow,
  state: MessageState,
  why: string,
): Prepared {
  const inDoubt = possibleDuplicate || doubt !== Doubt.NONE
  const detail = inDoubt && why !== NOTHING_TOLD ? IN_DOUBT + why : why
  const known = inDoubt ? MessageState.UNKNOWN : state
  return { aside: { projectId, messageId, state: known, dueMs: 0, detail, noteId: newId() } }
}
