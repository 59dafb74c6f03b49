import type { Clock } from '@mainstay/kernel'
import type { BreakerRow, BreakerState } from './breaker-store.ts'
import { createFailureWindow, type FailureWindow } from './failure-window.ts'

/** Where the breakers of all processes meet. */
export interface SharedBreakers {
  /** This worker, as a holder of half-open breakers. */
  workerId: string
  /** Writes a change if the breaker is as we know it, and tells everybody; false when somebody else was first. */
  change(projectId: string, known: number, next: Omit<BreakerRow, 'epoch'>): Promise<boolean>
  /** Reads what there is, after somebody else was first. */
  read(projectId: string): Promise<readonly BreakerRow[]>
}

/** Which accounts take messages, as far as they themselves are to blame. */
export interface Breakers {
  /** Why the account takes nothing now, and when that may change; undefined: it takes messages. */
  closedTo(accountId: string): { reason: string; untilMs: number } | undefined
  /** True while one message at a time is sent, to see whether the account works again. */
  probing(accountId: string): boolean
  /** Tells of an account before anything else is told of it. */
  know(projectId: string, accountId: string): void
  /** Takes over what other processes know by now. */
  adopt(projectId: string, rows: readonly BreakerRow[]): void
  /** The account answered as it should. */
  works(accountId: string): void
  /** The account itself is at fault: it is given a rest, twice as long each time in a row. */
  faulty(accountId: string): void
  /** The account did not take a message, or its answer was lost. Many of these in a row are a fault as well. */
  failed(accountId: string): void
}

const CLOSED = 1
const OPEN = 2
const HALF_OPEN = 3

const FIRST_REST_MS = 5_000
const LONGEST_REST_MS = 300_000

/** How long a worker that tries an account may take; then another tries it. */
const PROBE_MS = 15_000

/** How soon to look again while it is settled who tries an account. */
const SOON_MS = 100

interface Breaker {
  projectId: string
  epoch: number
  state: BreakerState
  times: number
  untilMs: number
  /** Half open: it is this process that tries it. */
  ours: boolean
  reason: string
  /** A change of ours is being written. */
  writing: boolean
  /** What others wrote meanwhile, as it was heard last. */
  heard: BreakerRow | undefined
  window: FailureWindow
}

/**
 * Breakers as one process has them: what it sees itself counts at once, and what it changes is written for all others. With
 * nothing shared (a process alone) it works the same.
 *
 * An account rests after a fault of its own (a refused sign-in, a host that is not found) and when half of at least twenty
 * messages in a minute failed. When its rest is over, one process sends one message; the answer closes the breaker for
 * everybody, or opens it for twice as long.
 */
export function createBreakers(deps: {
  clock: Clock
  /** Absent: this process is alone. */
  shared?: SharedBreakers | undefined
  /** An account takes messages again. */
  onClosed(accountId: string): void
  onError(error: unknown): void
}): Breakers {
  const { clock, shared, onClosed, onError } = deps
  const breakers = new Map<string, Breaker>()

  function move(accountId: string, breaker: Breaker, next: Partial<Breaker>): void {
    Object.assign(breaker, next)
    if (next.state === CLOSED || (next.state === HALF_OPEN && breaker.ours)) onClosed(accountId)
    if (shared === undefined) return
    void write(shared, accountId, breaker)
  }

  async function write(others: SharedBreakers, accountId: string, breaker: Breaker): Promise<void> {
    // One write at a time; what changed meanwhile is written after it.
    if (breaker.writing) return
    breaker.writing = true
    try {
      for (let last: BreakerState | undefined; last !== breaker.state; ) {
        last = breaker.state
        if (
          !(await others.change(breaker.projectId, breaker.epoch, toRow(accountId, breaker, others.workerId)))
        ) {
          return await yieldTo(others, accountId, breaker)
        }
        breaker.epoch++
      }
    } catch (error) {
      onError(error)
    } finally {
      written(others, breaker)
    }
  }

  /** A word of others that came while we wrote may be newer than what the write has found out. */
  function written(others: SharedBreakers, breaker: Breaker): void {
    breaker.writing = false
    const { heard } = breaker
    breaker.heard = undefined
    if (heard !== undefined) take(breaker, heard, others.workerId)
  }

  /** Somebody else was first: what they wrote holds. */
  async function yieldTo(others: SharedBreakers, accountId: string, breaker: Breaker): Promise<void> {
    const row = (await others.read(breaker.projectId)).find((one) => one.accountId === accountId)
    if (row !== undefined) take(breaker, row, others.workerId)
  }

  function take(breaker: Breaker, row: BreakerRow, workerId: string): void {
    if (row.epoch <= breaker.epoch) return
    const { epoch, state, times, untilMs, reason, holder } = row
    Object.assign(breaker, { epoch, state, times, untilMs, reason, ours: holder === workerId })
    if (state === CLOSED) {
      breaker.window.clear()
      onClosed(row.accountId)
    }
  }

  /** Only who has written that it tries the account may do so. */
  async function claimProbe(others: SharedBreakers, accountId: string, breaker: Breaker): Promise<void> {
    if (breaker.writing) return
    breaker.writing = true
    const probe = { ...breaker, state: HALF_OPEN, untilMs: clock.nowMs() + PROBE_MS } as const
    try {
      if (
        !(await others.change(breaker.projectId, breaker.epoch, toRow(accountId, probe, others.workerId)))
      ) {
        return await yieldTo(others, accountId, breaker)
      }
      Object.assign(breaker, {
        epoch: breaker.epoch + 1,
        state: HALF_OPEN,
        untilMs: probe.untilMs,
        ours: true,
      })
      onClosed(accountId)
    } catch (error) {
      onError(error)
      breaker.untilMs = clock.nowMs() + FIRST_REST_MS
    } finally {
      written(others, breaker)
    }
  }

  function open(accountId: string, breaker: Breaker, reason: string): void {
    const times = breaker.times + 1
    const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (times - 1))
    breaker.window.clear()
    move(accountId, breaker, { state: OPEN, times, untilMs: clock.nowMs() + restMs, ours: false, reason })
  }

  return {
    closedTo(accountId) {
      const breaker = breakers.get(accountId)
      if (breaker === undefined || breaker.state === CLOSED) return undefined
      if (breaker.state === HALF_OPEN && breaker.ours) return undefined
      const nowMs = clock.nowMs()
      const { reason, untilMs } = breaker
      if (untilMs > nowMs) return { reason, untilMs }
      if (shared === undefined) {
        Object.assign(breaker, { state: HALF_OPEN, ours: true })
        return undefined
      }
      void claimProbe(shared, accountId, breaker)
      return { reason, untilMs: nowMs + SOON_MS }
    },
    probing: (accountId) => breakers.get(accountId)?.state === HALF_OPEN,
    know(projectId, accountId) {
      if (breakers.has(accountId)) return
      breakers.set(accountId, {
        ...{
          projectId,
          epoch: 0,
          state: CLOSED,
          times: 0,
          untilMs: 0,
          ours: false,
          reason: '',
          writing: false,
          heard: undefined,
        },
        window: createFailureWindow(clock),
      })
    },
    adopt(projectId, rows) {
      if (shared === undefined) return
      for (const row of rows) {
        this.know(projectId, row.accountId)
        const breaker = breakers.get(row.accountId)
        if (breaker === undefined) continue
        if (!breaker.writing) take(breaker, row, shared.workerId)
        else if (row.epoch > (breaker.heard?.epoch ?? 0)) breaker.heard = row
      }
    },
    works(accountId) {
      const breaker = breakers.get(accountId)
      if (breaker === undefined) return
      breaker.window.add(true)
      if (breaker.state !== HALF_OPEN || !breaker.ours) return
      breaker.window.clear()
      move(accountId, breaker, { state: CLOSED, times: 0, untilMs: 0, ours: false, reason: '' })
    },
    faulty(accountId) {
      const breaker = breakers.get(accountId)
      // What was under way when it was opened says nothing new.
      if (breaker === undefined || breaker.state === OPEN) return
      if (breaker.state === HALF_OPEN && !breaker.ours) return
      open(accountId, breaker, 'resting after a fault of the account')
    },
    failed(accountId) {
      const breaker = breakers.get(accountId)
      if (breaker === undefined || breaker.state === OPEN) return
      if (breaker.state === HALF_OPEN) {
        if (breaker.ours) open(accountId, breaker, 'resting: it still fails')
        return
      }
      const failing = breaker.window.add(false)
      if (failing === undefined) return
      open(accountId, breaker, `resting: ${failing.failed} of ${failing.all} messages failed within a minute`)
    },
  }
}

function toRow(accountId: string, breaker: Breaker, workerId: string): Omit<BreakerRow, 'epoch'> {
  const { state, times, untilMs, reason } = breaker
  return { accountId, state, times, untilMs, reason, holder: state === HALF_OPEN ? workerId : null }
}
