import { isIP } from 'node:net'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import { onAbort } from './abort.ts'
import type { OutgoingEmail, ProviderAdapter, ProviderClient, ProviderResult } from './adapter.ts'
import { type HttpAnswer, judgeAnswer } from './http-outcome.ts'
import { isPublicAddress, lookupPublic, PrivateAddressError } from './public-addresses.ts'

/** Where to post and how to be known. */
export interface HttpConfig {
  url: string
  /** Empty: no Authorization header. */
  bearerToken: string
}

export interface HttpAdapterOptions {
  connectTimeoutMs: number
  /** From the request to the end of the answer. */
  sendTimeoutMs: number
  /** Allows loopback, private and link-local addresses. */
  allowPrivate: boolean
  /** Connections of one client at the most: as many requests are under way. */
  connections: number
}

/** Answers are read up to here; an endpoint that says more is hung up on, and its status counts. */
const MAX_BODY_BYTES = 16 * 1024

/**
 * Posts each message as JSON to an endpoint of the operator's own. The message id travels as `Idempotency-Key`, so that a
 * call whose answer was lost may be repeated. Redirects are not followed: they would carry the token elsewhere.
 */
export function createHttpAdapter(options: HttpAdapterOptions): ProviderAdapter<HttpConfig> {
  return {
    kind: 'http',
    channel: 'email',
    semantics: { idempotencyKey: true, lookup: false, sandbox: false },
    connect: (config) => connect(config, options),
  }
}

function connect(config: HttpConfig, options: HttpAdapterOptions): ProviderClient {
  const url = new URL(config.url)
  const path = url.pathname + url.search
  const pool = new Pool(url.origin, {
    connections: options.connections,
    pipelining: 1,
    allowH2: false,
    connect: createConnector(options),
    headersTimeout: options.sendTimeoutMs,
    bodyTimeout: options.sendTimeoutMs,
    keepAliveTimeout: 30_000,
    maxHeaderSize: MAX_BODY_BYTES,
  })
  const authorization = config.bearerToken === '' ? [] : ['authorization', `Bearer ${config.bearerToken}`]
  const common = ['content-type', 'application/json', 'user-agent', 'Mainstay', ...authorization]
  let isClosed = false

  return {
    send(email, signal) {
      if (isClosed) return Promise.resolve(notSent('The provider account was changed or switched off.'))
      const headers = [...common, 'idempotency-key', email.messageId]
      if (email.traceparent !== undefined) headers.push('traceparent', email.traceparent)
      return new Promise((settle) => {
        const handler = new SendHandler(settle, options.sendTimeoutMs)
        handler.leave = onAbort(signal, () => handler.giveUp())
        if (!handler.isSettled) pool.dispatch({ method: 'POST', path, headers, body: toJson(email) }, handler)
      })
    },
    async verify() {
      try {
        const answer = await pool.request({ method: 'OPTIONS', path, headers: authorization })
        await answer.body.dump({ limit: MAX_BODY_BYTES })
        const { statusCode } = answer
        const ok = statusCode !== 401 && statusCode !== 403 && (statusCode < 500 || statusCode === 501)
        return { ok, detail: `The endpoint answers: HTTP ${statusCode} to OPTIONS.` }
      } catch (error) {
        return { ok: false, detail: describeError(error) }
      }
    },
    close() {
      isClosed = true
      return pool.closed ? Promise.resolve() : pool.close()
    },
  }
}

function createConnector({ allowPrivate, connectTimeoutMs }: HttpAdapterOptions): buildConnector.connector {
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

/** The JSON that endpoints get; documented in docs/guides/email.md. */
function toJson(email: OutgoingEmail): string {
  return JSON.stringify({
    messageId: email.messageId,
    notificationId: email.notificationId,
    channel: 'email',
    messageClass: email.class,
    attempt: email.attempt,
    from: email.from,
    to: email.to,
    subject: email.subject,
    text: email.text,
    html: email.html,
    headers: email.headers,
  })
}

/**
 * Follows one request. undici's `dispatch` tells what `fetch` hides, whether the request was begun on a connection: an
 * error before that is definite, one after it leaves the outcome unknown.
 */
class SendHandler implements Dispatcher.DispatchHandler {
  isSettled = false
  leave: () => void = () => {}
  readonly #settle: (result: ProviderResult) => void
  readonly #timeoutMs: number
  #controller: Dispatcher.DispatchController | undefined
  #answer: HttpAnswer | undefined
  #deadlineMs = 0

  constructor(settle: (result: ProviderResult) => void, timeoutMs: number) {
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
    if (status < 200) return
    const retryAfter = headers['retry-after']
    this.#answer = { status, retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined, body: '' }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const answer = this.#answer
    if (answer === undefined) return
    answer.body += chunk.toString('utf8')
    if (answer.body.length > MAX_BODY_BYTES || Date.now() > this.#deadlineMs) {
      this.#end(judgeAnswer(answer, Date.now()))
      controller.abort(new Error('read enough'))
    }
  }

  onResponseEnd(): void {
    if (this.#answer !== undefined) this.#end(judgeAnswer(this.#answer, Date.now()))
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#answer !== undefined) this.#end(judgeAnswer(this.#answer, Date.now()))
    else this.#end(this.#controller === undefined ? toNotSent(error) : toUnknown(error))
  }

  giveUp(): void {
    const reason = new Error('The worker gave up waiting')
    this.onResponseError(undefined, reason)
    this.#controller?.abort(reason)
  }

  #end(result: ProviderResult): void {
    if (this.isSettled) return
    this.isSettled = true
    this.leave()
    this.#settle(result)
  }
}

function toUnknown(error: Error): ProviderResult {
  return { outcome: 'unknown', reply: `No answer after the request was sent: ${describeError(error)}` }
}

function toNotSent(error: Error): ProviderResult {
  return { ...notSent(describeError(error)), ...(isMisconfiguration(error) ? { accountFault: true } : {}) }
}

function notSent(reply: string): ProviderResult & { outcome: 'rejected_transient' } {
  return { outcome: 'rejected_transient', reply }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Node gathers the failures of several addresses of one name in an AggregateError with the first one's code. */
function describeError(error: unknown): string {
  const code = codeOf(error)
  const message = error instanceof Error && error.message !== '' ? error.message : 'The connection failed'
  return code === '' || message.includes(code) ? message : `${message} (${code})`
}

function isMisconfiguration(error: unknown): boolean {
  const code = codeOf(error)
  return /^(EPRIVATE|ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(
    code,
  )
}
