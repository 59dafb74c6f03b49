import type { ProviderCandidate } from '../provider-accounts/directory.ts'
import type { ProviderResult } from '../providers/adapter.ts'
import type { Breakers } from '../routing/breaker.ts'
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
  /** What the account's answer says of the account itself. */
  answered(providerAccountId: string, result: ProviderResult): void
  /** The account itself is at fault: it rests. */
  faulty(providerAccountId: string): void
  /** It takes messages again: who waits for it need not wait any longer. */
  opened(providerAccountId: string): void
}

interface Account {
  slots: Slots
  concurrency: number
  /** Lanes of projects that wait for a place here. */
  waiting: Map<Lane, Set<string>>
}

/**
 * More messages than an account has lines are handed to its client at once, so that no line idles while the next batch
 * is committed: twice as many, or four times as many where the provider recognises a repeated message by its key. Each
 * one is a message in doubt when this process dies, and such a provider makes the doubt harmless.
 */
function placesAt({ concurrency, semantics }: ProviderCandidate): number {
  return Math.max(1, concurrency) * (semantics.idempotencyWindowMs > 0 ? 4 : 2)
}

export function createAccounts(breakers: Breakers, onFree: () => void): Accounts {
  const accounts = new Map<string, Account>()

  function accountFor(projectId: string, candidate: ProviderCandidate): Account {
    const { providerAccountId, concurrency } = candidate
    const known = accounts.get(providerAccountId)
    // A changed width takes over once nothing is under way: places taken from one count are given back to it.
    if (known !== undefined && (known.concurrency === concurrency || known.slots.inFlight() > 0)) return known
    breakers.know(projectId, providerAccountId)
    const made: Account = {
      slots: createSlots(placesAt(candidate)),
      concurrency,
      waiting: known?.waiting ?? new Map(LANES.map((lane) => [lane, new Set<string>()])),
    }
    accounts.set(providerAccountId, made)
    return made
  }

  return {
    take(projectId, candidate, lane) {
      const account = accountFor(projectId, candidate)
      // After a rest one message goes first; the rest follow when it got through.
      const isTried = breakers.probing(candidate.providerAccountId) && account.slots.inFlight() > 0
      if (!isTried && account.slots.take(lane)) return true
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
    answered(id, result) {
      if (result.outcome === 'unknown') breakers.failed(id)
      else if (result.outcome !== 'rejected_transient') breakers.works(id)
      else if (result.accountFault === true) breakers.faulty(id)
      // One that asks to wait is not broken, but as long as it asks that of most messages it is left alone.
      else breakers.failed(id)
    },
    faulty: (id) => breakers.faulty(id),
    opened(id) {
      for (const projects of accounts.get(id)?.waiting.values() ?? []) projects.clear()
      onFree()
    },
  }
}

function worthClaiming(slots: Slots, lane: Lane): boolean {
  const free = slots.freeFor(lane)
  return free >= worthAClaim(slots.total) || (free > 0 && slots.inFlight(lane) === 0)
}
