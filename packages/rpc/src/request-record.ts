import { type AppError, CODES, type Logger, type Metrics, toAppError } from '@mainstay/kernel'
import type { Call } from './call-state.ts'

/** Counts, times and logs each call when it ends. Exactly one of the three is called per request. */
export interface RequestRecord {
  finish(call: Call): void
  /** Gives the error in the form that may be shown. */
  fail(call: Call, thrown: unknown): AppError
  /** A request that never became a call. */
  refused(error: AppError, requestId: string): void
}

/**
 * Rate, errors and duration by method and code, and one log line per call: who called what, how it ended, how long it
 * took. Never a body, a field, a query or a caller's name. Errors of ours are logged with their causes.
 */
export function createRequestRecord(logger: Logger, metrics: Metrics): RequestRecord {
  const seconds = metrics.histogram({
    name: 'mainstay_rpc_request_seconds',
    help: 'How long calls took, by method and gRPC code; its count is the rate of calls.',
    labels: ['method', 'code'],
  })
  const series = new Map<string, Map<string, ReturnType<typeof seconds.with>>>()

  function seriesOf(method: string, code: string): ReturnType<typeof seconds.with> {
    let byCode = series.get(method)
    if (byCode === undefined) {
      byCode = new Map()
      series.set(method, byCode)
    }
    let one = byCode.get(code)
    if (one === undefined) {
      one = seconds.with({ method, code })
      byCode.set(code, one)
    }
    return one
  }

  function write(call: Call, code: string, problem: AppError | undefined): void {
    const ms = performance.now() - call.startedAt
    seriesOf(call.method, code).observe(ms / 1000)
    const line = {
      method: call.method,
      protocol: call.protocol,
      code,
      reason: problem?.reason,
      durationMs: Math.round(ms * 100) / 100,
      caller: call.caller.id || call.caller.kind,
      requestId: call.requestId,
    }
    if (problem === undefined || CODES[problem.code].http < 500) logger.info(line, 'rpc')
    else logger.error({ ...line, err: problem.cause ?? problem }, 'rpc failed')
  }

  return {
    finish: (call) => write(call, 'ok', undefined),
    fail(call, thrown) {
      const problem = toAppError(thrown)
      write(call, problem.code, problem)
      return problem
    },
    refused(error, requestId) {
      seriesOf('none', error.code).observe(0)
      logger.info({ method: 'none', code: error.code, reason: error.reason, requestId }, 'rpc')
    },
  }
}
