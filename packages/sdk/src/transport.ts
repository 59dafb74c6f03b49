import type { JsonValue } from '@bufbuild/protobuf'
import { errorFromBody, MainstayError } from './errors.ts'

/** How the SDK reaches a server. */
export interface TransportOptions {
  baseUrl: string
  headers: () => Record<string, string> | Promise<Record<string, string>>
  fetch: typeof globalThis.fetch
  credentials?: 'omit' | 'same-origin' | 'include'
  timeoutMs: number
  maxRetries: number
}

/** What one call may ask for. */
export interface CallOptions {
  /** Ends the call. */
  signal?: AbortSignal
  /** How long one try may take, in milliseconds. Default: the client's `timeoutMs`. Streams have none. */
  timeoutMs?: number
  /** Your own key, up to 255 characters. Default: a random one per call to a method that changes state. */
  idempotencyKey?: string
  /** Further headers. */
  headers?: Record<string, string>
}

export interface WireRequest {
  verb: string
  path: string
  body: JsonValue | undefined
  /** Whether it may be tried again when its outcome is not known. */
  retryable: boolean
  headers: Record<string, string>
  options: CallOptions
}

/** Sends a request and reads its JSON answer; tries again as `callWithRetries` says. */
export async function call(transport: TransportOptions, request: WireRequest): Promise<JsonValue> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await once(transport, request)
    } catch (error) {
      if (
        !(error instanceof MainstayError) ||
        !shouldRetry(error, request) ||
        attempt >= transport.maxRetries
      )
        throw error
      await pause(error.retryAfterMs ?? backoffMs(attempt), request.options.signal)
    }
  }
}

async function once(transport: TransportOptions, request: WireRequest): Promise<JsonValue> {
  const timeout = AbortSignal.timeout(request.options.timeoutMs ?? transport.timeoutMs)
  const signal = request.options.signal ? AbortSignal.any([request.options.signal, timeout]) : timeout
  const response = await open(transport, request, 'application/json', signal)
  const text = await response.text().catch((cause: unknown) => {
    throw connectionError(cause, request.options.signal)
  })
  const body = parse(text)
  if (!response.ok || body === undefined) throw errorFromBody(body, response.status, response.headers)
  return body
}

/** Opens a stream of JSON lines; the first line has not been read when it returns. */
export async function* stream(transport: TransportOptions, request: WireRequest): AsyncGenerator<JsonValue> {
  const response = await open(transport, request, 'application/x-ndjson', request.options.signal)
  if (!response.ok || response.body === null) {
    throw errorFromBody(parse(await response.text()), response.status, response.headers)
  }
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    while (true) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw connectionError(cause, request.options.signal)
      })
      if (done) return
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line.trim() === '') continue
        const message = parse(line)
        if (message === undefined || isErrorLine(message))
          throw errorFromBody(message, response.status, response.headers)
        yield message
      }
    }
  } finally {
    // Also runs when the caller leaves the loop: the server sees the connection close and stops.
    await reader.cancel().catch(() => undefined)
  }
}

async function open(
  transport: TransportOptions,
  request: WireRequest,
  accept: string,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const headers: Record<string, string> = {
    accept,
    ...(await transport.headers()),
    ...request.headers,
    ...request.options.headers,
  }
  const init: RequestInit = {
    method: request.verb,
    headers,
    redirect: 'error',
  }
  if (transport.credentials) init.credentials = transport.credentials
  if (signal) init.signal = signal
  if (request.body !== undefined) {
    headers['content-type'] = 'application/json'
    init.body = JSON.stringify(request.body)
  }
  const fetch = transport.fetch
  try {
    return await fetch(transport.baseUrl + request.path, init)
  } catch (cause) {
    throw connectionError(cause, request.options.signal)
  }
}

function connectionError(cause: unknown, callerSignal: AbortSignal | undefined): MainstayError {
  if (callerSignal?.aborted) {
    return new MainstayError({
      code: 'cancelled',
      reason: 'sdk.aborted',
      message: 'The call was aborted.',
      status: 0,
      cause,
    })
  }
  if (cause instanceof DOMException && cause.name === 'TimeoutError') {
    const message = 'The server did not answer in time.'
    return new MainstayError({
      code: 'deadline_exceeded',
      reason: 'sdk.timeout',
      message,
      status: 0,
      cause,
    })
  }
  const message = 'The server could not be reached. Is it running, and is `baseUrl` right?'
  return new MainstayError({
    code: 'unavailable',
    reason: 'sdk.network',
    message,
    status: 0,
    cause,
  })
}

/** Definite "try later" answers may always be tried again; unknown outcomes only when a repeat is harmless. */
function shouldRetry(error: MainstayError, request: WireRequest): boolean {
  if (error.status === 429) return true
  if (!request.retryable) return false
  return (
    error.reason === 'sdk.network' ||
    error.reason === 'sdk.timeout' ||
    [500, 502, 503, 504].includes(error.status)
  )
}

/** Full jitter: uniform between 0 and 200 ms × 2^attempt, at most 5 s. */
export function backoffMs(attempt: number): number {
  return Math.random() * Math.min(5000, 200 * 2 ** attempt)
}

export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(connectionError(signal.reason, signal))
    const onAbort = () => {
      clearTimeout(timer)
      reject(connectionError(signal?.reason, signal))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

function isErrorLine(message: JsonValue): boolean {
  return typeof message === 'object' && message !== null && !Array.isArray(message) && 'error' in message
}
