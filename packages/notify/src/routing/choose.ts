import type { ProviderCandidate } from '../provider-accounts/directory.ts'
import { ENOUGH_MEASURED, type Measured, rateOf } from './rates.ts'

/** Why an account was passed over; kept with the attempt and shown on the timeline. */
export interface PassedOver {
  /** uuid */
  account: string
  reason: string
}

export interface Route {
  /** Undefined: no account can take the message now. */
  account: ProviderCandidate | undefined
  rejected: readonly PassedOver[]
  /** Why this one, where it is not simply the first; shown on the timeline. */
  why?: string
}

export interface RoutingFacts {
  /** Why the account takes nothing now: a rest after faults, its rate used up. Undefined: it takes messages. */
  closedTo(candidate: ProviderCandidate): string | undefined
  /**
   * The account of an earlier attempt whose answer was lost. It is kept to when it can be, because only that provider
   * can recognise the second message as the first.
   */
  prefer?: string | undefined
  /** The account that alone may take it: the one that was asked before and knows the message by its key. */
  only?: string | undefined
  /** Accounts that refused the message for good. */
  refusedBy?: readonly string[] | undefined
  /** The account whose definite refusal was the last that was heard: another one is tried first. */
  refusedLast?: string | undefined
  /** The recipient's country; undefined where the channel knows none. */
  country(): string | undefined
  pin?: { account: string; exclusive: boolean } | undefined
  /** What the account takes for the whole message, in millionths. Default: nobody has said. */
  priceOf?(candidate: ProviderCandidate): number | undefined
  /** Default: nothing was measured. */
  measuredOf?(candidate: ProviderCandidate): Measured | undefined
  /** Rates are those of codes that were used: it is a code, and the project tells which were. */
  byConversion?: boolean
  /** At least 0, below 1. */
  random(): number
}

/** Of a hundred messages, how many go to an account that is to be measured instead of to the best. */
export const EXPLORED_PERCENT = 2

/** An account that costs more than this many times what the best one costs a delivered message is not explored. */
const DEAREST_EXPLORED = 3

/** Accounts whose costs differ by less than this are the same: the first of them is taken, so that noise moves nothing. */
const SAME_COST = 1.02

/**
 * Picks the account that takes a message. Pure, and fast: it runs for every message of a claim.
 *
 * Of those that can take it, a pinned one comes first, then a lower `priority`. Among equals weights decide, then what a
 * delivered message costs (price ÷ measured rate), and without any of these the order they come in, which is by age.
 *
 * Now and then a message goes to an equal that has not been measured enough, so that a new or recovered account gets a
 * chance: at most `EXPLORED_PERCENT` of a hundred, none that has been tried before, and to no account that costs more than
 * three times the best.
 *
 * A message is never moved to another account because an answer was lost; that is what `only` and `prefer` are for, and
 * nothing but the account's own state comes before them.
 */
export function chooseAccount(candidates: readonly ProviderCandidate[], facts: RoutingFacts): Route {
  const rejected: PassedOver[] = []
  const bound = facts.only ?? facts.prefer
  const preferred =
    bound === undefined ? undefined : candidates.find((one) => one.providerAccountId === bound)
  if (preferred !== undefined) {
    const reason = facts.closedTo(preferred)
    if (reason === undefined) return { account: preferred, rejected }
    pass(rejected, preferred, reason)
  }
  if (facts.only !== undefined) return { account: undefined, rejected }
  const eligible: ProviderCandidate[] = []
  for (const candidate of candidates) {
    if (candidate === preferred) continue
    const reason = refusal(candidate, facts)
    if (reason === undefined) eligible.push(candidate)
    else pass(rejected, candidate, reason)
  }
  const others = withoutLast(eligible, facts, rejected)
  const pinned = others.find((candidate) => candidate.providerAccountId === facts.pin?.account)
  if (facts.pin?.exclusive === true && pinned === undefined) {
    for (const candidate of others)
      pass(rejected, candidate, 'only another account may take this: it is pinned')
    return { account: undefined, rejected }
  }
  const [first] = others
  if (first === undefined) return { account: undefined, rejected }
  if (pinned !== undefined && pinned !== first) {
    return over(pinned, others, 'It is pinned.', rejected, () => 'another is pinned')
  }
  if (pinned !== undefined) return plain(first, rejected, candidates)
  return amongEquals(first, others, rejected, candidates, facts)
}

function refusal(candidate: ProviderCandidate, facts: RoutingFacts): string | undefined {
  const { routing, providerAccountId } = candidate
  if (facts.refusedBy?.includes(providerAccountId) === true) return 'it refused the message for good'
  if (routing !== undefined) {
    if (routing.drained === true) return 'drained for maintenance'
    const { countries } = routing
    if (countries !== undefined && countries.length > 0) {
      const country = facts.country()
      if (country !== undefined && !countries.includes(country)) return `does not serve ${country}`
    }
  }
  return facts.closedTo(candidate)
}

/** After a definite refusal another account has its turn, when there is one. */
function withoutLast(
  eligible: ProviderCandidate[],
  { refusedLast }: RoutingFacts,
  rejected: PassedOver[],
): readonly ProviderCandidate[] {
  if (refusedLast === undefined || eligible.length < 2) return eligible
  const last = eligible.find((candidate) => candidate.providerAccountId === refusedLast)
  if (last === undefined) return eligible
  pass(rejected, last, 'it refused the message a moment ago')
  return eligible.filter((candidate) => candidate !== last)
}

function amongEquals(
  first: ProviderCandidate,
  others: readonly ProviderCandidate[],
  rejected: PassedOver[],
  candidates: readonly ProviderCandidate[],
  facts: RoutingFacts,
): Route {
  if (others.length === 1 || others[1]?.priority !== first.priority) return plain(first, rejected, candidates)
  const equals = others.filter((candidate) => candidate.priority === first.priority)
  const byWeight = pickByWeight(equals, facts.random)
  if (byWeight !== undefined) {
    return over(byWeight, others, 'Weights decided.', rejected, () => 'weights decided for another')
  }
  const costs = costsOf(equals, facts)
  if (costs === undefined) return plain(first, rejected, candidates)
  const least = Math.min(...costs.map(({ cost }) => cost))
  const best = costs.find(({ cost }) => cost <= least * SAME_COST) ?? costs[0]
  if (best === undefined) return plain(first, rejected, candidates)
  const explored = explore(costs, best, facts)
  if (explored !== undefined) {
    const why = `To be measured: ${describe(explored)}.`
    return over(explored.candidate, others, why, rejected, (candidate) =>
      reasonOf(costs, candidate, 'another is measured'),
    )
  }
  if (best.candidate === first) return plain(first, rejected, candidates)
  return over(best.candidate, others, `It costs least: ${describe(best)}.`, rejected, (candidate) =>
    reasonOf(costs, candidate, 'costs more'),
  )
}

function pickByWeight(
  equals: readonly ProviderCandidate[],
  random: () => number,
): ProviderCandidate | undefined {
  let total = 0
  for (const { routing } of equals) total += routing?.weight ?? 0
  if (total === 0) return undefined
  let left = random() * total
  for (const candidate of equals) {
    left -= candidate.routing?.weight ?? 0
    if (left < 0) return candidate
  }
  return equals[0]
}

interface Cost {
  candidate: ProviderCandidate
  /** Undefined: nobody has said what it takes. */
  price: number | undefined
  rate: number
  /** How many messages the rate is made from. */
  measured: number
  /** Of one delivered message; without any prices, the number of messages it takes. */
  cost: number
}

/** Undefined where there is nothing to compare by. An account without a price comes after those that have one. */
function costsOf(equals: readonly ProviderCandidate[], facts: RoutingFacts): Cost[] | undefined {
  let hasPrices = false
  let hasRates = false
  const { byConversion = false } = facts
  const costs = equals.map((candidate) => {
    const price = facts.priceOf?.(candidate)
    const measured = facts.measuredOf?.(candidate)
    hasPrices ||= price !== undefined
    hasRates ||= measured !== undefined && measured.delivered + measured.converted > 0
    const count = byConversion ? measured?.codes : measured?.accepted
    return { candidate, price, rate: rateOf(measured, byConversion), measured: count ?? 0, cost: 0 }
  })
  if (!hasPrices && !hasRates) return undefined
  for (const one of costs) {
    const price = hasPrices ? (one.price ?? Number.MAX_SAFE_INTEGER) : 1
    // What is free still differs by what arrives.
    one.cost = Math.max(price, 1) / one.rate
  }
  return costs
}

function explore(costs: readonly Cost[], best: Cost, facts: RoutingFacts): Cost | undefined {
  if (facts.refusedLast !== undefined || facts.random() * 100 >= EXPLORED_PERCENT) return undefined
  const unknown = costs.filter(
    (one) => one !== best && one.measured < ENOUGH_MEASURED && one.cost <= best.cost * DEAREST_EXPLORED,
  )
  return unknown[Math.floor(facts.random() * unknown.length)]
}

function describe({ price, rate }: Cost): string {
  const percent = `${Math.round(rate * 1000) / 10} % of its messages arrive`
  return price === undefined ? percent : `${price / 1_000_000} a message, ${percent}`
}

function reasonOf(costs: readonly Cost[], candidate: ProviderCandidate, why: string): string {
  const cost = costs.find((one) => one.candidate === candidate)
  return cost === undefined ? LATER : `${why}: ${describe(cost)}`
}

const LATER = 'comes later by its priority'

/** The first that can: worth a word only where one before it could not. */
function plain(
  account: ProviderCandidate,
  rejected: readonly PassedOver[],
  candidates: readonly ProviderCandidate[],
): Route {
  if (rejected.length === 0 || candidates[0] === account) return { account, rejected: [] }
  return { account, rejected }
}

function over(
  account: ProviderCandidate,
  others: readonly ProviderCandidate[],
  why: string,
  rejected: PassedOver[],
  reason: (candidate: ProviderCandidate) => string,
): Route {
  for (const candidate of others) {
    if (candidate === account) continue
    pass(rejected, candidate, candidate.priority === account.priority ? reason(candidate) : LATER)
  }
  return { account, rejected, why }
}

function pass(
  rejected: PassedOver[],
  { providerAccountId: account }: ProviderCandidate,
  reason: string,
): void {
  rejected.push({ account, reason })
}
