import type { Logger } from 'pino'

export interface CheckResult {
  ok: boolean
  /** How long the check took. */
  ms: number
  /** Public and general; what went wrong exactly is in the log. */
  problem?: 'failed' | 'timed out'
}

export interface Readiness {
  ok: boolean
  /** True between SIGTERM and the end: the load balancer should send nobody here any more. */
  draining: boolean
  checks: Record<string, CheckResult>
}

export interface HealthOptions {
  /** How long an answer is reused, so that a storm of probes does not become a storm of queries. Default 1,000. */
  cacheMs?: number
  /** How long a check may take unless it says otherwise. Default 2,000. */
  timeoutMs?: number
  logger?: Pick<Logger, 'warn' | 'info'>
  /** Milliseconds that only go forward. For tests. */
  now?: () => number
}

/** A check throws, or rejects, when what it looks at is not usable. */
export type Check = (signal: AbortSignal) => unknown

export interface Health {
  addCheck(name: string, check: Check, options?: { timeoutMs?: number }): void
  /** True as long as the process runs its event loop: never depends on a database, or a blip there restarts everyone. */
  live(): boolean
  ready(): Promise<Readiness>
  /** Says "not ready" from now on, whatever the checks find. */
  drain(): void
}

/** The state behind /healthz and /readyz. */
export function createHealth(options: HealthOptions = {}): Health {
  const { cacheMs = 1_000, timeoutMs = 2_000, logger, now = () => performance.now() } = options
  const checks = new Map<string, { check: Check; timeoutMs: number }>()
  const failing = new Set<string>()
  let draining = false
  let cached: { at: number; results: Promise<Record<string, CheckResult>> } | undefined

  async function run(name: string, { check, timeoutMs: limit }: { check: Check; timeoutMs: number }) {
    const startedAt = now()
    const signal = AbortSignal.timeout(limit)
    let problem: CheckResult['problem']
    let cause: unknown
    try {
      await Promise.race([check(signal), rejectOnAbort(signal)])
    } catch (error) {
      problem = signal.aborted ? 'timed out' : 'failed'
      cause = error
    }
    report(name, problem, cause)
    const ms = Math.round(now() - startedAt)
    return [name, problem === undefined ? { ok: true, ms } : { ok: false, ms, problem }] as const
  }

  /** Logs changes only: a probe a second would otherwise fill the log during an outage. */
  function report(name: string, problem: CheckResult['problem'], err: unknown): void {
    if (problem !== undefined && !failing.has(name)) {
      failing.add(name)
      logger?.warn({ check: name, problem, err }, 'a readiness check fails')
    } else if (problem === undefined && failing.delete(name)) {
      logger?.info({ check: name }, 'a readiness check passes again')
    }
  }

  async function runAll(): Promise<Record<string, CheckResult>> {
    return Object.fromEntries(await Promise.all([...checks].map(([name, check]) => run(name, check))))
  }

  return {
    addCheck(name, check, checkOptions) {
      checks.set(name, { check, timeoutMs: checkOptions?.timeoutMs ?? timeoutMs })
      cached = undefined
    },
    live: () => true,
    async ready() {
      // The promise is cached, not its result: probes that arrive together share one run.
      if (cached === undefined || now() - cached.at >= cacheMs) cached = { at: now(), results: runAll() }
      const results = await cached.results
      const ok = !draining && Object.values(results).every((result) => result.ok)
      return { ok, draining, checks: results }
    },
    drain() {
      draining = true
    },
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
