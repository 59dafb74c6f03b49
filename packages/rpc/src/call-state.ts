import type { IncomingHttpHeaders } from 'node:http'
import { type AppError, continueTrace, type Trace, type Tx } from '@mainstay/kernel'
import type { CallContext, Caller, Protocol } from './call.ts'
import { nobody } from './call.ts'
import { refuse } from './errors.ts'
import type { Method } from './method.ts'
import { acceptRequestId, newRequestId } from './request-id.ts'

/** What a transport knows of a call before it reads the body. */
export interface CallHead {
  method: Method
  protocol: Protocol
  headers: IncomingHttpHeaders
  /** Asked only when somebody needs to know. */
  clientAddress(): string
  /** How long the caller waits, in milliseconds, as its protocol says; undefined: it did not say. */
  timeoutMs: number | undefined
  /** Calls back when the caller goes away before the answer is out. Asked only when somebody needs to know. */
  onDisconnect(listener: () => void): void
}

/** One call on its way through the pipeline. One class, so that the engine sees one shape on the hot path. */
export class Call implements CallContext {
  readonly info: Method
  readonly protocol: Protocol
  readonly requestId: string
  readonly trace: Trace
  /** `performance.now()` when it came in. */
  readonly startedAt: number
  readonly deadlineMs: number
  caller: Caller = nobody
  projectId = ''
  idempotency: { readonly key: string; readonly requestHash: Uint8Array } | undefined = undefined
  tx: Tx | undefined = undefined
  /** Headers for the answer, in pairs: name, value. */
  readonly answerHeaders: string[] = []
  readonly #head: CallHead
  #controller: AbortController | undefined = undefined
  #abortReason: unknown = undefined

  /** A caller may ask for less time than `maxTimeoutMs`, not for more. Streams have no limit but the caller's. */
  constructor(head: CallHead, maxTimeoutMs: number) {
    this.#head = head
    this.info = head.method
    this.protocol = head.protocol
    const nowMs = Date.now()
    this.requestId = acceptRequestId(this.header('x-request-id')) ?? newRequestId(nowMs)
    this.trace = continueTrace(this.header('traceparent'), this.header('tracestate'))
    this.startedAt = performance.now()
    const limitMs = head.method.streams ? Number.POSITIVE_INFINITY : maxTimeoutMs
    this.deadlineMs = nowMs + Math.min(head.timeoutMs ?? limitMs, limitMs)
  }

  get clientAddress(): string {
    return this.#head.clientAddress()
  }

  get method(): string {
    return this.info.name
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason)
      else this.#head.onDisconnect(() => this.abort(new DOMException('The caller went away.', 'AbortError')))
    }
    return this.#controller.signal
  }

  /** Ends the call for whoever listens to `signal`, now or later. The first reason stays. */
  abort(reason: unknown): void {
    this.#abortReason ??= reason
    this.#controller?.abort(reason)
  }

  /** Ends the call because its time is over, and gives the error that says so. */
  expire(): AppError {
    const error = refuse(
      'rpc.deadline_exceeded',
      'The answer was not ready in time. What was asked may still happen.',
    )
    this.abort(error)
    return error
  }

  header(name: string): string | undefined {
    const value = this.#head.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  setHeader(name: string, value: string): void {
    const lowerCase = name.toLowerCase()
    if (lowerCase !== 'set-cookie') {
      for (let at = 0; at < this.answerHeaders.length; at += 2) {
        if (this.answerHeaders[at] !== lowerCase) continue
        this.answerHeaders[at + 1] = value
        return
      }
    }
    this.answerHeaders.push(lowerCase, value)
  }
}
