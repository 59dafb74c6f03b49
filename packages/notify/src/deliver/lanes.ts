/** A lane is a message class by the contract's number: 1 otp, 2 transactional, 3 bulk. */
export type Lane = 1 | 2 | 3

export const LANES: readonly Lane[] = [1, 2, 3]

export const LANE_NAMES: Readonly<Record<Lane, 'otp' | 'transactional' | 'bulk'>> = {
  1: 'otp',
  2: 'transactional',
  3: 'bulk',
}

/** One number per lane: otp, transactional, bulk. */
export type PerLane = [otp: number, transactional: number, bulk: number]

/**
 * Places for work under way. Part of them is kept for each lane, the rest goes to whoever comes first in the order of
 * the lanes: a flood of bulk always leaves places for a code, and a flood of codes always leaves some for bulk.
 */
export interface Slots {
  readonly total: number
  /** Takes a place for the lane; false when it has none. */
  take(lane: Lane): boolean
  give(lane: Lane): void
  /** Free places: each lane's own, and those that any lane may take. */
  free(): { own: PerLane; shared: number }
  freeFor(lane: Lane): number
  /** Places taken, by one lane or by all. */
  inFlight(lane?: Lane): number
}

/** A fifth is kept for otp, a fifth for transactional, a tenth for bulk; with few places, otp's comes first. */
export function createSlots(total: number): Slots {
  const kept = keptPlaces(total)
  const shareable = total - kept[0] - kept[1] - kept[2]
  const used: PerLane = [0, 0, 0]
  const over = (index: 0 | 1 | 2): number => Math.max(0, used[index] - kept[index])
  const freeShared = (): number => shareable - over(0) - over(1) - over(2)
  const freeOwn = (index: 0 | 1 | 2): number => Math.max(0, kept[index] - used[index])
  const freeFor = (lane: Lane): number => freeOwn(indexOf(lane)) + freeShared()
  return {
    total,
    take(lane) {
      if (freeFor(lane) <= 0) return false
      used[indexOf(lane)]++
      return true
    },
    give(lane) {
      used[indexOf(lane)]--
    },
    free: () => ({ own: [freeOwn(0), freeOwn(1), freeOwn(2)], shared: freeShared() }),
    freeFor,
    inFlight: (lane) => (lane === undefined ? used[0] + used[1] + used[2] : used[indexOf(lane)]),
  }
}

function keptPlaces(total: number): PerLane {
  if (total < 2) return [0, 0, 0]
  const otp = Math.max(1, Math.floor(total / 5))
  const bulk = total < 4 ? 0 : Math.max(1, Math.floor(total / 10))
  return [otp, total < 4 ? 0 : Math.max(1, Math.floor(total / 5)), bulk]
}

function indexOf(lane: Lane): 0 | 1 | 2 {
  return (lane - 1) as 0 | 1 | 2
}

/**
 * How many free places make the next claim worth its commit: half of them, but 200 always do, unless that is less than
 * a quarter. Half of what a claim costs is the same for one message as for a hundred.
 */
export function worthAClaim(total: number): number {
  return Math.max(total / 4, Math.min(total / 2, 200))
}
