/** One call of a job's handler. */
export interface JobCall<D = unknown> {
  readonly id: string
  readonly data: D
  /** 1 at the first try. */
  readonly attempt: number
  /** Aborted when the time is up, the process stops, or another worker has the job now: stop, and throw. */
  readonly signal: AbortSignal
}

export interface JobOptions<D = unknown> {
  /** Called at least once per job: a worker may die just after the work is done. Throwing means another try later. */
  handler(job: JobCall<D>): Promise<unknown> | unknown
  /** Jobs of this kind handled at once in one process. Default 1. */
  concurrency?: number
  /** How long one call may take. Default 15 minutes. */
  timeoutMs?: number
  /** Tries after the first one. Default 5. */
  retries?: number
  /** Pause before the first retry; doubled each time, with jitter, up to `retryMaxDelayMs`. Whole seconds. Default 2,000. */
  retryDelayMs?: number
  /** Default 10 minutes. */
  retryMaxDelayMs?: number
  /**
   * What a `singletonKey` excludes: a second job waiting (the first may be running, so what it missed is done again), or
   * a second job waiting or running. Fixed when the job is first defined. Default: keys are refused.
   */
  singleton?: 'waiting' | 'waiting_or_running'
}

export interface EnqueueOptions {
  /** With a job defined as `singleton`: enqueued only when there is none with this key yet. */
  singletonKey?: string
  /** Not before this time. */
  startAfter?: Date
}

/** A definition with its defaults filled in. */
export interface JobDefinition {
  readonly name: string
  readonly handler: (job: JobCall) => unknown
  readonly concurrency: number
  readonly timeoutMs: number
  readonly retries: number
  readonly retryDelayMs: number
  readonly retryMaxDelayMs: number
  readonly singleton: JobOptions['singleton']
  readonly cron?: { expression: string; timezone: string }
}

export function toDefinition<D>(name: string, options: JobOptions<D>): JobDefinition {
  if (!/^[a-z][a-z0-9_.]*$/.test(name)) throw new TypeError(`"${name}" is no name for a job`)
  return {
    name,
    // Whoever enqueues and whoever handles agree on D through the name; it crosses the database as JSON.
    handler: options.handler as JobDefinition['handler'],
    concurrency: options.concurrency ?? 1,
    timeoutMs: options.timeoutMs ?? 15 * 60_000,
    retries: options.retries ?? 5,
    retryDelayMs: options.retryDelayMs ?? 2_000,
    retryMaxDelayMs: options.retryMaxDelayMs ?? 10 * 60_000,
    singleton: options.singleton,
  }
}
