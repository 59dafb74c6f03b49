import type { Clock, Executor, Tx } from '@mainstay/kernel'
import type { ProviderCandidate } from '../provider-accounts/directory.ts'
import { channelNumber, type ProviderChannel } from '../providers/outgoing.ts'
import { countryOf } from '../providers/phone-numbers.ts'
import { smsSegments } from '../providers/sms/segments.ts'
import { limitOf } from './account-routing.ts'
import type { Breakers } from './breaker.ts'
import { chooseAccount, type Route, type RoutingFacts } from './choose.ts'
import { reserveSpend, type Spend } from './spend-store.ts'
import { EMPTY_TABLE, type RoutingTable } from './table.ts'
import { createTokens } from './tokens.ts'
import { createTurns } from './turns.ts'
import { cappedWords, waitingWords } from './words.ts'

/** A message that looks for an account. */
export interface RouteRequest {
  projectId: string
  channel: ProviderChannel
  /** Of the contract: 1 is a one-time code. */
  lane: 1 | 2 | 3
  to: string
  /** The text of a text message, which is paid by its segments. */
  smsText: string | undefined
  /** See RoutingFacts. */
  prefer?: string | undefined
  only?: string | undefined
  refusedBy: readonly string[]
  refusedLast: string | undefined
  /** Messages in the same claim: how many may want a token of one account. */
  batchSize: number
  /** Takes a place at the account in this process, if there is one. */
  takePlace(account: ProviderCandidate): boolean
  givePlace(account: ProviderCandidate): void
}

export type Routed =
  | {
      /** A place and a token were taken. */
      route: Route & { account: ProviderCandidate }
      /** What it costs, where that is counted. */
      spend: Spend | undefined
      /** Should this one refuse it for good, there is another that may take it. */
      othersLeft: boolean
    }
  | { wait: { detail: string; untilMs: number | undefined } }
  /** Every account that could take it has refused it for good. */
  | 'refused'
  /** The account has no place now. */
  | 'no_place'

/** Finds accounts for the messages of one worker. */
export interface Router {
  route(request: RouteRequest, candidates: readonly ProviderCandidate[]): Promise<Routed>
  /** Takes out of the caps what these cost; for those that do not fit, what their messages wait for. */
  reserve(
    tx: Tx,
    spends: readonly (Spend & { lane: 1 | 2 | 3 })[],
  ): Promise<ReadonlyMap<number, { detail: string; untilMs: number }>>
}

export interface RouterDeps {
  db: Executor
  clock: Clock
  breakers: Breakers
  /** Absent: there are none of what people decide about projects. */
  tables?: { get(projectId: string): Promise<RoutingTable> } | undefined
  random?: () => number
}

/** For how long a claim may go by what an earlier one read: the tables themselves are kept fresh elsewhere. */
const REREAD_MS = 50

/** How long messages of a project that is stopped, or over a cap, wait before they are looked at again. */
const STOPPED_MS = 30_000
const OVER_CAP_MS: Readonly<Record<1 | 2 | 3, number>> = { 1: 5_000, 2: 60_000, 3: 300_000 }

export function createRouter({ db, clock, breakers, tables, random = Math.random }: RouterDeps): Router {
  const tokens = createTokens(db, clock)
  const turns = createTurns(clock, random)
  const known = new Map<string, { table: RoutingTable; readMs: number }>()

  function tableOf(projectId: string): RoutingTable | Promise<RoutingTable> {
    if (tables === undefined) return EMPTY_TABLE
    const read = known.get(projectId)
    if (read !== undefined && clock.nowMs() - read.readMs < REREAD_MS) return read.table
    return reread(projectId, tables)
  }

  async function reread(projectId: string, from: NonNullable<typeof tables>): Promise<RoutingTable> {
    const table = await from.get(projectId)
    if (known.get(projectId)?.table !== table) breakers.adopt(projectId, table.breakers)
    if (known.size > 10_000) known.clear()
    known.set(projectId, { table, readMs: clock.nowMs() })
    return table
  }

  /** Places and tokens are taken one after the other, since a token that is not used is lost to all. */
  async function takeFirst(
    request: RouteRequest,
    candidates: readonly ProviderCandidate[],
    table: RoutingTable,
  ): Promise<Routed> {
    const usedUp = new Map<string, number>()
    const facts = factsOf(request, table, (candidate) => {
      if (usedUp.has(candidate.providerAccountId)) return 'its messages of this second are used up'
      return breakers.closedTo(candidate.providerAccountId)?.reason
    })
    for (;;) {
      const route = chooseAccount(candidates, facts)
      const { account } = route
      if (account === undefined) return nobody(request, candidates, route, usedUp)
      if (!request.takePlace(account)) return 'no_place'
      const limit = limitOf(account)
      const taken =
        limit === 0
          ? undefined
          : await tokens.take(request.projectId, account.providerAccountId, limit, request.batchSize)
      if (taken === undefined) return found(request, candidates, { ...route, account }, table, facts)
      request.givePlace(account)
      usedUp.set(account.providerAccountId, taken)
      // Only this account can recognise the message: better late there than twice.
      if (account.providerAccountId === (request.only ?? request.prefer))
        return nobody(request, [account], route, usedUp)
    }
  }

  function factsOf(
    request: RouteRequest,
    table: RoutingTable,
    closedTo: RoutingFacts['closedTo'],
  ): RoutingFacts {
    const { prefer, only, refusedBy, refusedLast, channel, to } = request
    let found: { country: string | undefined } | undefined
    // Looking a country up takes longer than all the rest: only where something depends on it.
    const country = (): string | undefined => {
      found ??= { country: channel === 'sms' || channel === 'whatsapp' ? countryOf(to) : undefined }
      return found.country
    }
    const common = { closedTo, prefer, only, refusedBy, refusedLast, country, random }
    if (table === EMPTY_TABLE) return common
    const number = channelNumber(channel)
    let segments: number | undefined
    return {
      ...common,
      pin: table.pins.find(
        (pin) =>
          (pin.channel === 0 || pin.channel === number) && (pin.country === '' || pin.country === country()),
      ),
      priceOf({ providerAccountId, semantics }) {
        if (table.prices.isEmpty) return undefined
        const price = table.prices.find(providerAccountId, to, country())
        if (price === undefined || semantics.priceUnit === 'message') return price
        segments ??= request.smsText === undefined ? 1 : smsSegments(request.smsText).segments
        return price * segments
      },
      measuredOf: ({ providerAccountId }) =>
        table.hasRates ? table.measuredOf(providerAccountId, country()) : undefined,
      byConversion: request.lane === 1 && table.hasConversions,
    }
  }

  function found(
    request: RouteRequest,
    candidates: readonly ProviderCandidate[],
    route: Route & { account: ProviderCandidate },
    table: RoutingTable,
    facts: RoutingFacts,
  ): Routed {
    const { projectId, channel, refusedBy } = request
    const micros = table.hasCaps ? (facts.priceOf?.(route.account) ?? 0) : 0
    return {
      route,
      spend:
        micros > 0
          ? { projectId, channel: channelNumber(channel), country: facts.country() ?? '', micros }
          : undefined,
      othersLeft: candidates.some(
        (other) => other !== route.account && !refusedBy.includes(other.providerAccountId),
      ),
    }
  }

  function nobody(
    request: RouteRequest,
    candidates: readonly ProviderCandidate[],
    { rejected }: Route,
    usedUp: ReadonlyMap<string, number>,
  ): Routed {
    const { refusedBy } = request
    if (candidates.length > 0 && candidates.every((one) => refusedBy.includes(one.providerAccountId))) {
      return 'refused'
    }
    const open = candidates.filter((candidate) => !refusedBy.includes(candidate.providerAccountId))
    const turn = open.find((candidate) => usedUp.has(candidate.providerAccountId))
    if (turn !== undefined) {
      const againMs = usedUp.get(turn.providerAccountId) ?? clock.nowMs()
      const untilMs = turns.next(turn.providerAccountId, request.lane, againMs, limitOf(turn))
      return { wait: { detail: waitingWords(open, rejected, turn), untilMs } }
    }
    const rests = open.flatMap((candidate) => breakers.closedTo(candidate.providerAccountId)?.untilMs ?? [])
    const untilMs = rests.length === 0 ? undefined : Math.min(...rests)
    return { wait: { detail: waitingWords(open, rejected, undefined), untilMs } }
  }

  return {
    async route(request, candidates) {
      const read = tableOf(request.projectId)
      const table = read instanceof Promise ? await read : read
      if (table.stopped !== undefined) {
        const reason = table.stopped.reason === '' ? '' : `: ${table.stopped.reason}`
        const detail = `Waiting: sending is stopped for this project${reason}.`
        return { wait: { detail, untilMs: clock.nowMs() + STOPPED_MS } }
      }
      return takeFirst(request, candidates, table)
    },
    async reserve(tx, spends) {
      const waits = new Map<number, { detail: string; untilMs: number }>()
      if (spends.length === 0) return waits
      for (const hit of await reserveSpend(tx, spends)) {
        const { projectId = '', lane = 3 } = spends[hit.index] ?? {}
        const currency = known.get(projectId)?.table.currency ?? ''
        const untilMs = overCapUntilMs(clock.nowMs(), lane)
        waits.set(hit.index, { detail: cappedWords(hit, currency), untilMs })
      }
      return waits
    },
  }
}

/** What a text message costs whose text was made after it was routed: accounts are compared by one segment then. */
export function bySegments(
  spend: Spend | undefined,
  { semantics }: ProviderCandidate,
  text: string,
): Spend | undefined {
  if (spend === undefined || semantics.priceUnit === 'message') return spend
  return { ...spend, micros: spend.micros * smsSegments(text).segments }
}

/** When a message over its cap is looked at again: the cap may be raised, and a refusal may give back. */
function overCapUntilMs(nowMs: number, lane: 1 | 2 | 3): number {
  const midnightMs = (Math.floor(nowMs / 86_400_000) + 1) * 86_400_000
  return Math.min(midnightMs, nowMs + OVER_CAP_MS[lane])
}
