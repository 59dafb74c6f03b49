import { type Engine, type EngineState, type EngineTake, GCRA } from './engine.ts'

interface Stored {
  value: number
  expireMs: number
}

/** Most keys that are kept; beyond it the oldest go. A key that is not there has taken nothing. */
const MOST_KEYS = 500_000

/** Counts of this process alone. */
export function createMemoryEngine({ maxKeys = MOST_KEYS } = {}): Engine {
  const counters = new Map<string, Stored>()

  const keep = (key: string, stored: Stored): void => {
    if (counters.size >= maxKeys && !counters.has(key)) {
      const oldest = counters.keys().next()
      if (!oldest.done) counters.delete(oldest.value)
    }
    counters.set(key, stored)
  }

  return {
    name: 'memory',
    take(takes, nowMs) {
      const after: EngineState[] = []
      let all = true
      for (const take of takes) {
        const state = tryTake(take, counters.get(take.key), nowMs)
        after.push(state)
        if (!state.allowed && take.enforced) all = false
      }
      for (const [index, state] of after.entries()) {
        const { key } = takes[index] as EngineTake
        if (all && state.allowed) {
          const stored = counters.get(key)
          if (stored === undefined) keep(key, { value: state.value, expireMs: state.expireMs })
          else {
            stored.value = state.value
            stored.expireMs = state.expireMs
          }
        } else {
          const before = live(counters.get(key), nowMs)
          state.value = before?.value ?? 0
          state.expireMs = before?.expireMs ?? 0
        }
      }
      return after
    },
    takeOne(take, nowMs) {
      const stored = counters.get(take.key)
      const state = tryTake(take, stored, nowMs)
      if (!state.allowed) {
        const before = live(stored, nowMs)
        state.value = before?.value ?? 0
        state.expireMs = before?.expireMs ?? 0
      } else if (stored === undefined) keep(take.key, { value: state.value, expireMs: state.expireMs })
      else {
        stored.value = state.value
        stored.expireMs = state.expireMs
      }
      return state
    },
    reset(keys) {
      for (const key of keys) counters.delete(key)
    },
    sweep(nowMs) {
      const before = counters.size
      for (const [key, { expireMs }] of counters) if (expireMs <= nowMs) counters.delete(key)
      return before - counters.size
    },
    close: async () => counters.clear(),
  }
}

function live(stored: Stored | undefined, nowMs: number): Stored | undefined {
  return stored === undefined || stored.expireMs <= nowMs ? undefined : stored
}

/** What would be stored if it were taken. */
function tryTake(
  { algorithm, a, b, cost }: EngineTake,
  stored: Stored | undefined,
  nowMs: number,
): EngineState {
  const before = live(stored, nowMs)
  if (algorithm === GCRA) {
    const value = Math.max(before?.value ?? 0, nowMs) + a * cost
    return { allowed: value - b <= nowMs, value, expireMs: value }
  }
  const value = (before?.value ?? 0) + cost
  return { allowed: value <= a, value, expireMs: before?.expireMs ?? nowMs + b }
}
