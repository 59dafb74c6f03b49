import { appError, type Clock, type Counter, type Logger, type Metrics } from '@mainstay/kernel'
import { type Engine, type EngineState, type EngineTake, GCRA, WINDOW } from './engines/engine.ts'
import { createMemoryEngine } from './engines/memory.ts'
import { reasons } from './errors.ts'
import { keyOf } from './keys.ts'
import type { Decision, Limit, Take, Verdict } from './limit.ts'

export interface LimitsDeps {
  engine: Engine
  clock: Clock
  logger: Pick<Logger, 'warn'>
  metrics?: Metrics
  /** Into how many processes a limit is divided while each counts for itself. Default 2. */
  localShare?: number
}

export interface Limits {
  /**
   * Takes from every limit, or from none when one that is enforced refuses. A plain value where the engine needs no waiting.
   * Throws `limits.unavailable` when the engine cannot be asked and a limit is `closed` then.
   */
  take(takes: readonly Take[]): Decision | Promise<Decision>
  /** The same, and throws `limits.exceeded` when it is refused, with the time to wait. */
  require(takes: readonly Take[]): Promise<Decision>
  /** Forgets what was taken: somebody proved that it was them. */
  reset(which: readonly Pick<Take, 'limit' | 'key'>[]): Promise<void>
  /** Forgets what has expired. For a job every ten minutes or so. */
  sweep(): Promise<number>
  close(): Promise<void>
}

export function createLimits({ engine, clock, logger, metrics, localShare = 2 }: LimitsDeps): Limits {
  const local = createMemoryEngine()
  const counters = metrics && createCounters(metrics)
  let failing = false

  /** Engines want their keys sorted and distinct; the answers come back in the order asked. */
  const ask = (takes: readonly Take[], share: number): { asked: EngineTake[]; places: number[] } => {
    const all = takes.map((take) => toEngineTake(take, share))
    if (all.length === 1) return { asked: all, places: [0] }
    const asked = all.toSorted((one, other) => (one.key < other.key ? -1 : 1))
    if (asked.some(({ key }, index) => key === asked[index - 1]?.key)) {
      throw new TypeError('One take names a limit with one key at most once')
    }
    return { asked, places: all.map((take) => asked.indexOf(take)) }
  }

  const decide = (
    takes: readonly Take[],
    { asked, places }: { asked: EngineTake[]; places: number[] },
    states: readonly EngineState[],
    degraded: boolean,
  ): Decision => {
    const nowMs = clock.nowMs()
    const verdicts = places.map((place, index) =>
      toVerdict(
        takes[index]?.limit as Limit,
        asked[place] as EngineTake,
        states[place] as EngineState,
        nowMs,
      ),
    )
    let decidedBy: Verdict | undefined
    const shadowed: Verdict[] = []
    for (const verdict of verdicts) {
      if (verdict.allowed) continue
      if (verdict.limit.mode === 'shadow') shadowed.push(verdict)
      else if (decidedBy === undefined || verdict.retryAfterMs > decidedBy.retryAfterMs) decidedBy = verdict
    }
    for (const { limit } of shadowed) counters?.shadowed.inc({ limit: limit.name })
    if (decidedBy !== undefined) counters?.refused.inc({ limit: decidedBy.limit.name })
    return { allowed: decidedBy === undefined, decidedBy, verdicts, shadowed, degraded }
  }

  /** What the limits' failure modes make of it. */
  const decideWithout = (takes: readonly Take[], error: unknown): Decision => {
    if (!failing) logger.warn({ err: error, engine: engine.name }, 'limits cannot be asked')
    failing = true
    counters?.failures.inc({ engine: engine.name })
    if (takes.some(({ limit }) => limit.onFailure === 'closed')) {
      throw appError(
        reasons,
        'limits.unavailable',
        'Whether this may be done now cannot be said. Try again shortly.',
        { cause: error, retryAfterMs: 1000 },
      )
    }
    const counted = takes.filter(({ limit }) => limit.onFailure !== 'open')
    const question = ask(counted, localShare)
    const states = local.take(question.asked, clock.nowMs()) as EngineState[]
    return decide(counted, question, states, true)
  }

  /** One take from an engine that answers at once is what most calls are: nothing is made for it that is not told. */
  const decideOne = (take: Take, asked: EngineTake, state: EngineState, nowMs: number): Decision => {
    const verdict = toVerdict(take.limit, asked, state, nowMs)
    const verdicts = [verdict]
    if (verdict.allowed)
      return { allowed: true, decidedBy: undefined, verdicts, shadowed: NONE, degraded: false }
    return decide([take], { asked: [asked], places: [0] }, [state], false)
  }

  const take = (takes: readonly Take[]): Decision | Promise<Decision> => {
    const [only] = takes
    if (engine.takeOne !== undefined && takes.length === 1 && only !== undefined) {
      const asked = toEngineTake(only, 1)
      const nowMs = clock.nowMs()
      return decideOne(only, asked, engine.takeOne(asked, nowMs), nowMs)
    }
    const question = ask(takes, 1)
    let states: EngineState[] | Promise<EngineState[]>
    try {
      states = engine.take(question.asked, clock.nowMs())
    } catch (error) {
      return decideWithout(takes, error)
    }
    if (!(states instanceof Promise)) return decide(takes, question, states, false)
    return states.then(
      (answered) => {
        failing = false
        return decide(takes, question, answered, false)
      },
      (error: unknown) => decideWithout(takes, error),
    )
  }

  return {
    take,
    async require(takes) {
      const decision = await take(takes)
      if (decision.decidedBy !== undefined) throw exceeded(decision.decidedBy)
      return decision
    },
    reset: async (which) => await engine.reset(which.map(({ limit, key }) => keyOf(limit, key))),
    async sweep() {
      await local.sweep(clock.nowMs())
      return await engine.sweep(clock.nowMs())
    },
    close: () => engine.close(),
  }
}

const NONE: readonly Verdict[] = Object.freeze([])

/** What a refused caller is told: how long to wait, and by which limit. */
export function exceeded({ limit, retryAfterMs }: Verdict) {
  const never = retryAfterMs === Number.POSITIVE_INFINITY
  return appError(
    reasons,
    'limits.exceeded',
    never ? 'This is more than may ever be done at once.' : 'This was done too often. Wait, and try again.',
    {
      metadata: { limit: limit.name },
      ...(never ? {} : { retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) }),
    },
  )
}

function toEngineTake({ limit, key, cost = 1 }: Take, share: number): EngineTake {
  const enforced = limit.mode !== 'shadow'
  const count = Math.max(1, limit.count / share)
  if (limit.algorithm === 'window') {
    const most = Math.floor(count)
    return { key: keyOf(limit, key), algorithm: WINDOW, a: most, b: limit.periodMs, cost, enforced }
  }
  const a = limit.periodMs / count
  const burst = Math.max(1, (limit.burst ?? limit.count) / share)
  return { key: keyOf(limit, key), algorithm: GCRA, a, b: a * burst, cost, enforced }
}

function toVerdict(
  limit: Limit,
  take: EngineTake,
  { allowed, value, expireMs }: EngineState,
  nowMs: number,
): Verdict {
  const { algorithm, a, b, cost } = take
  if (algorithm === WINDOW) {
    const remaining = Math.max(0, a - value)
    const resetMs = Math.max(0, expireMs - nowMs)
    return { limit, allowed, remaining, resetMs, retryAfterMs: allowed ? 0 : cost > a ? Infinity : resetMs }
  }
  const aheadMs = Math.max(0, value - nowMs)
  const waitMs = aheadMs + a * cost - b
  return {
    limit,
    allowed,
    // A rounding error of the division must not take one away that is there.
    remaining: Math.max(0, Math.floor((b - aheadMs) / a + 1e-9)),
    resetMs: aheadMs,
    retryAfterMs: allowed ? 0 : a * cost > b ? Infinity : waitMs,
  }
}

function createCounters(metrics: Metrics): Record<'refused' | 'shadowed' | 'failures', Counter> {
  return {
    refused: metrics.counter({
      name: 'mainstay_limits_refused_total',
      help: 'Calls that a limit refused.',
      labels: ['limit'],
    }),
    shadowed: metrics.counter({
      name: 'mainstay_limits_shadowed_total',
      help: 'Calls that a limit in shadow mode would have refused.',
      labels: ['limit'],
    }),
    failures: metrics.counter({
      name: 'mainstay_limits_engine_failures_total',
      help: 'Decisions that the engine could not be asked for.',
      labels: ['engine'],
    }),
  }
}
