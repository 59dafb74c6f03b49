import { isIP } from 'node:net'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { onAbort } from './abort.ts'
import { isPublicAddress, lookupPublic, PrivateAddressError } from './public-addresses.ts'

export interface HttpSenderOptions {
  connectTimeoutMs: number
  /** From the request to the end of the answer. */
  sendTimeoutMs: number
  /** Allows loopback, private and link-local addresses. */
  allowPrivate: boolean
  /** Connections to one origin at the most: as many requests are under way. */
  connections: number
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS'
  url: string
  headers: Readonly<Record<string, string>>
  body?: string | Buffer
}

/** An answer, as far as it was read. */
export interface HttpAnswer {
  status: number
  /** By lower-case name; of a header that came twice, the first. */
  headers: Readonly<Record<string, string | undefined>>
  /** The first 64 KiB of the body. */
  body: string
}

/**
 * How a request ended: with an answer, before anything was sent (definite), or without an answer after it was begun (it may
 * have been carried out).
 */
export type Exchange =
  | { case: 'answer'; answer: HttpAnswer }
  | { case: 'not_sent'; reply: string; misconfigured: boolean }
  | { case: 'lost'; reply: string }

/** Sends requests over kept connections and tells exactly how each ended. Never throws for what the network does. */
export interface HttpSender {
  send(request: HttpRequest, signal: AbortSignal): Promise<Exchange>
  close(): Promise<void>
}

/** Answers are read up to here; whoever says more is hung up on, and the status counts. */
const MAX_BODY_BYTES = 64 * 1024

/** Redirects are not followed: they would carry the credentials elsewhere. */
export function createHttpSender(options: HttpSenderOptions): HttpSender {
  const agent = new Agent({
    connections: options.connections,
    pipelining: 1,
    allowH2: false,
    connect: createConnector(options),
    headersTimeout: options.sendTimeoutMs,
    bodyTimeout: options.sendTimeoutMs,
    keepAliveTimeout: 30_000,
    maxHeaderSize: 16 * 1024,
  })
  let isClosed = false
  return {
    send({ method, url, headers, body }, signal) {
      if (isClosed) {
        const reply = 'The provider account was changed or switched off.'
        return Promise.resolve({ case: 'not_sent', reply, misconfigured: false })
      }
      const target = new URL(url)
      return new Promise((settle) => {
        const handler = new ExchangeHandler(settle, options.sendTimeoutMs)
        handler.leave = onAbort(signal, () => handler.giveUp())
        if (handler.isSettled) return
        const path = target.pathname + target.search
        agent.dispatch(
          { origin: target.origin, method, path, headers: { ...headers }, body: body ?? null },
          handler,
        )
      })
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await agent.close()
    },
  }
}

function createConnector({ allowPrivate, connectTimeoutMs }: HttpSenderOptions): buildConnector.connector {
  const common = { timeout: connectTimeoutMs, allowH2: false }
  if (allowPrivate) return buildConnector(common)
  const connectPublic = buildConnector({ ...common, lookup: lookupPublic } as buildConnector.BuildOptions)
  return (target, callback) => {
    // An address in the URL itself is never looked up.
    const host = target.hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && !isPublicAddress(host)) callback(new PrivateAddressError(host), null)
    else connectPublic(target, callback)
  }
}

/**
 * Follows one request. undici's `dispatch` tells what `fetch` hides, whether the request was begun on a connection: an
 * error before that is definite, one after it leaves the outcome unknown.
 */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  isSettled = false
  leave: () => void = () => {}
  readonly #settle: (exchange: Exchange) => void
  readonly #timeoutMs: number
  #controller: Dispatcher.DispatchController | undefined
  #answer: HttpAnswer | undefined
  #deadlineMs = 0

  constructor(settle: (exchange: Exchange) => void, timeoutMs: number) {
    this.#settle = settle
    this.#timeoutMs = timeoutMs
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Begun twice, or given up while it waited for a connection.
    if (this.isSettled || this.#controller !== undefined) controller.abort(new Error('given up'))
    this.#controller = controller
    this.#deadlineMs = Date.now() + this.#timeoutMs
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, unknown>): void {
    if (status >= 200) this.#answer = { status, headers: firstValues(headers), body: '' }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const answer = this.#answer
    if (answer === undefined) return
    answer.body += chunk.toString('utf8')
    if (answer.body.length > MAX_BODY_BYTES || Date.now() > this.#deadlineMs) {
      this.#end({ case: 'answer', answer })
      controller.abort(new Error('read enough'))
    }
  }

  onResponseEnd(): void {
    if (this.#answer !== undefined) this.#end({ case: 'answer', answer: this.#answer })
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#answer !== undefined) this.#end({ case: 'answer', answer: this.#answer })
    else if (this.#controller !== undefined) {
      this.#end({ case: 'lost', reply: `No answer after the request was sent: ${describeError(error)}` })
    } else
      this.#end({ case: 'not_sent', reply: describeError(error), misconfigured: isMisconfiguration(error) })
  }

  giveUp(): void {
    const reason = new Error('The worker gave up waiting')
    this.onResponseError(undefined, reason)
    this.#controller?.abort(reason)
  }

  #end(exchange: Exchange): void {
    if (this.isSettled) return
    this.isSettled = true
    this.leave()
    this.#settle(exchange)
  }
}

function firstValues(headers: Record<string, unknown>): Record<string, string | undefined> {
  const first: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(headers)) {
    const one: unknown = Array.isArray(value) ? value[0] : value
    if (typeof one === 'string') first[name.toLowerCase()] = one
  }
  return first
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Node gathers the failures of several addresses of one name in an AggregateError with the first one's code. */
export function describeError(error: unknown): string {
  const code = codeOf(error)
  const message = error instanceof Error && error.message !== '' ? error.message : 'The connection failed'
  return code === '' || message.includes(code) ? message : `${message} (${code})`
}

/** An error of connecting that goes on until somebody changes something: a name, an address, a certificate. */
export function isMisconfiguration(error: unknown): boolean {
  const code = codeOf(error)
  return /^(EPRIVATE|ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(
    code,
  )
}
