import { type AppError, CODES, type Logger, type Metrics, toAppError } from '@mainstay/kernel'
import type { Call } from './call-state.ts'

/** Counts, times and logs each call when it ends. */
export interface RequestRecord {
  /** To be called once per call. Returns the error in the form that may be shown; undefined when all went well. */
  finish(call: Call, error?: unknown): AppError | undefined
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
  type Series = ReturnType<typeof seconds.with>
  const series = new Map<string, Map<string, Series>>()

  function observe(method: string, code: string, ms: number): void {
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
    one.observe(ms / 1000)
  }

  return {
    finish(call, error) {
      const problem = error === undefined ? undefined : toAppError(error)
      const code = problem?.code ?? 'ok'
      const ms = performance.now() - call.startedAt
      observe(call.method, code, ms)
      const line = {
        method: call.method,
        protocol: call.protocol,
        code,
        ...(problem === undefined ? undefined : { reason: problem.reason }),
        durationMs: Math.round(ms * 100) / 100,
        caller: call.caller.id || call.caller.kind,
        requestId: call.requestId,
        traceId: call.trace.traceId,
      }
      if (problem === undefined || CODES[problem.code].http < 500) logger.info(line, 'rpc')
      else logger.error({ ...line, err: problem.cause ?? problem }, 'rpc failed')
      return problem
    },
  }
}
