import { type AppError, CODES, type Logger, lineWriter, type Metrics, toAppError } from '@mainstay/kernel'
import type { Call } from './call-state.ts'
import { quote } from './codec/encode-scalar.ts'
import { isoTime } from './iso-time.ts'

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
  const observe = createObserver(metrics)
  const write = lineWriter(logger)
  const bindings = JSON.stringify(logger.bindings()).slice(1, -1)
  const fixed = bindings === '' ? '' : `${bindings},`

  /** The line is put together by hand: through the logger it would cost 10 µs, more than decoding the request. */
  function writeLine(call: Call, code: string, reason: string | undefined, durationMs: number): void {
    const { trace } = call
    write(
      `{"level":"info","time":"${isoTime(Date.now())}",${fixed}"traceId":"${trace.traceId}","spanId":"${trace.spanId}",` +
        `"method":"${call.method}","protocol":"${call.protocol}","code":"${code}",` +
        `${reason === undefined ? '' : `"reason":"${reason}",`}"durationMs":${durationMs},` +
        `"caller":${quote(call.caller.id || call.caller.kind)},"requestId":${quote(call.requestId)},"msg":"rpc"}`,
    )
  }

  function writeFailure(call: Call, problem: AppError, durationMs: number): void {
    const { method, protocol, requestId } = call
    const { code, reason } = problem
    const caller = call.caller.id || call.caller.kind
    const err = problem.cause ?? problem
    logger.error({ method, protocol, code, reason, durationMs, caller, requestId, err }, 'rpc failed')
  }

  function end(call: Call, problem: AppError | undefined): void {
    const ms = performance.now() - call.startedAt
    const code = problem?.code ?? 'ok'
    observe(call.method, code, ms)
    const durationMs = Math.round(ms * 100) / 100
    if (problem !== undefined && isFailure(problem)) writeFailure(call, problem, durationMs)
    else if (logger.isLevelEnabled('info')) writeLine(call, code, problem?.reason, durationMs)
  }

  return {
    finish: (call) => end(call, undefined),
    fail(call, thrown) {
      const problem = toAppError(thrown)
      end(call, problem)
      return problem
    },
    refused(error, requestId) {
      observe('none', error.code, 0)
      logger.info({ method: 'none', code: error.code, reason: error.reason, requestId }, 'rpc')
    },
  }
}

/** A failure of ours. A refusal for now that has no cause is meant: a server that stops in order, a queue that is full. */
function isFailure({ code, cause }: AppError): boolean {
  return CODES[code].http >= 500 && !(code === 'unavailable' && cause === undefined)
}

function createObserver(metrics: Metrics): (method: string, code: string, ms: number) => void {
  const seconds = metrics.histogram({
    name: 'mainstay_rpc_request_seconds',
    help: 'How long calls took, by method and gRPC code; its count is the rate of calls.',
    labels: ['method', 'code'],
  })
  const series = new Map<string, Map<string, ReturnType<typeof seconds.with>>>()
  return (method, code, ms) => {
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
}
