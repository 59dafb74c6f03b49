import type { Clock } from '@mainstay/kernel'
import type { ProviderCandidate } from '../provider-accounts/directory.ts'
import { createSlots, LANES, type Lane, type Slots, worthAClaim } from './lanes.ts'

/** What this worker knows of the provider accounts it sends through: how much they carry, and whether they work. */
export interface Accounts {
  /**
   * Takes a place at the account; false when it has none for the lane, and then the project's lane is passed over
   * until there are places again.
   */
  take(projectId: string, account: ProviderCandidate, lane: Lane): boolean
  give(providerAccountId: string, lane: Lane): void
  /** Projects that claims pass over, per lane. */
  passedOver(): Record<Lane, string[]>
  /** True while the account rests after faults of its own. */
  resting(providerAccountId: string): boolean
  /** When the first of these may be tried again; undefined when none of them rests. */
  restsUntilMs(candidates: readonly ProviderCandidate[]): number | undefined
  /** The account answered as it should. */
  works(providerAccountId: string): void
  /** The account itself is at fault: it rests, twice as long each time in a row. */
  faulty(providerAccountId: string): void
}

const FIRST_REST_MS = 5_000
const LONGEST_REST_MS = 300_000

interface Account {
  slots: Slots
  concurrency: number
  /** Lanes of projects that wait for a place here. */
  waiting: Map<Lane, Set<string>>
  faults: number
  restsUntilMs: number
}

/**
 * More messages than an account has lines are handed to its client at once, so that no line idles while the next batch
 * is committed: twice as many, or four times as many where the provider recognises a repeated message by its key. Each
 * one is a message in doubt when this process dies, and such a provider makes the doubt harmless.
 */
function placesAt({ concurrency, semantics }: ProviderCandidate): number {
  return Math.max(1, concurrency) * (semantics.idempotencyWindowMs > 0 ? 4 : 2)
}

export function createAccounts(clock: Clock, onFree: () => void): Accounts {
  const accounts = new Map<string, Account>()

  function accountFor(candidate: ProviderCandidate): Account {
    const { providerAccountId, concurrency } = candidate
    const known = accounts.get(providerAccountId)
    // A changed width takes over once nothing is under way: places taken from one count are given back to it.
    if (known !== undefined && (known.concurrency === concurrency || known.slots.inFlight() > 0)) return known
    const made: Account = {
      slots: createSlots(placesAt(candidate)),
      concurrency,
      waiting: known?.waiting ?? new Map(LANES.map((lane) => [lane, new Set<string>()])),
      faults: known?.faults ?? 0,
      restsUntilMs: known?.restsUntilMs ?? 0,
    }
    accounts.set(providerAccountId, made)
    return made
  }

  return {
    take(projectId, candidate, lane) {
      const account = accountFor(candidate)
      // After a rest one message goes first; the rest follow when it got through.
      const probing = account.faults > 0 && account.slots.inFlight() > 0
      if (!probing && account.slots.take(lane)) return true
      account.waiting.get(lane)?.add(projectId)
      return false
    },
    give(providerAccountId, lane) {
      const account = accounts.get(providerAccountId)
      if (account === undefined) return
      account.slots.give(lane)
      let freed = false
      for (const [waitingLane, projects] of account.waiting) {
        if (projects.size === 0 || !worthClaiming(account.slots, waitingLane)) continue
        projects.clear()
        freed = true
      }
      if (freed) onFree()
    },
    passedOver() {
      const lists: Record<Lane, string[]> = { 1: [], 2: [], 3: [] }
      for (const { waiting } of accounts.values()) {
        for (const [lane, projects] of waiting) if (projects.size > 0) lists[lane].push(...projects)
      }
      return lists
    },
    resting: (id) => (accounts.get(id)?.restsUntilMs ?? 0) > clock.nowMs(),
    restsUntilMs(candidates) {
      const nowMs = clock.nowMs()
      const ends = candidates
        .map((candidate) => accounts.get(candidate.providerAccountId)?.restsUntilMs ?? 0)
        .filter((endMs) => endMs > nowMs)
      return ends.length === 0 ? undefined : Math.min(...ends)
    },
    works(id) {
      const account = accounts.get(id)
      if (account === undefined || account.faults === 0) return
      account.faults = 0
      account.restsUntilMs = 0
      for (const projects of account.waiting.values()) projects.clear()
      onFree()
    },
    faulty(id) {
      const account = accounts.get(id)
      if (account === undefined || account.restsUntilMs > clock.nowMs()) return
      account.faults++
      account.restsUntilMs =
        clock.nowMs() + Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (account.faults - 1))
    },
  }
}

function worthClaiming(slots: Slots, lane: Lane): boolean {
  const free = slots.freeFor(lane)
  return free >= worthAClaim(slots.total) || (free > 0 && slots.inFlight(lane) === 0)
}
