import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2'
import { describeError, type Exchange, type HttpAnswer, type HttpRequest } from '../http-sender.ts'

/** Answers are read up to here; the status counts. */
const MAX_BODY_BYTES = 64 * 1024

/** One request on its way: waits for a connection, then becomes a stream of it. */
export interface Job {
  request: HttpRequest
  isSettled: boolean
  settle(exchange: Exchange): void
  /** Gives up: before it became a stream nothing was sent. */
  giveUp(): void
}

export interface StreamEvents {
  isRefused(streamId: number | undefined): boolean
  /** Nobody answered in time. */
  onTimeout(): void
  /** The stream's place is free. Called once. */
  onEnd(): void
}

/**
 * Sends a job's request as a stream and follows it to its end. Nothing was sent, and that is certain, when the server refused
 * the stream, by RST_STREAM with REFUSED_STREAM or a GOAWAY that names an earlier one as its last (RFC 9113 §8.7), which
 * `isRefused` knows. Every other end without an answer leaves the outcome unknown.
 *
 */
export function followStream(
  session: ClientHttp2Session,
  job: Job,
  timeoutMs: number,
  events: StreamEvents,
): void {
  let answer: HttpAnswer | undefined
  let failure: unknown
  const stream = begin(session, job)
  if (stream === undefined) {
    events.onEnd()
    return
  }
  const cancel = (reason: Error): void => {
    failure ??= reason
    settle()
    stream.close(constants.NGHTTP2_CANCEL)
  }
  const settle = (): void => {
    if (answer !== undefined) job.settle({ case: 'answer', answer })
    else if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || events.isRefused(stream.id)) {
      job.settle({ case: 'not_sent', reply: 'The server refused the stream.', misconfigured: false })
    } else {
      const why = failure === undefined ? 'The stream ended' : describeError(failure)
      job.settle({ case: 'lost', reply: `No answer after the request was sent: ${why}` })
    }
  }
  job.giveUp = () => cancel(new Error('The worker gave up waiting'))
  const timer = setTimeout(() => {
    if (answer === undefined) events.onTimeout()
    cancel(new Error(`No answer within ${timeoutMs} ms`))
  }, timeoutMs)
  stream.on('response', (headers) => {
    answer = { status: headers[':status'] ?? 0, headers: firstValues(headers), body: '' }
  })
  stream.on('data', (chunk: Buffer) => {
    if (answer === undefined) return
    answer.body += chunk.toString('utf8')
    if (answer.body.length > MAX_BODY_BYTES) cancel(new Error('read enough'))
  })
  stream.on('error', (error) => {
    failure ??= error
  })
  stream.on('close', () => {
    clearTimeout(timer)
    settle()
    events.onEnd()
  })
}

/** Undefined when there is no stream: the job then is settled. */
function begin(session: ClientHttp2Session, job: Job): ClientHttp2Stream | undefined {
  const { method, url, headers, body } = job.request
  const { pathname, search } = new URL(url)
  try {
    const stream = session.request({ ':method': method, ':path': pathname + search, ...headers })
    stream.end(body)
    return stream
  } catch (error) {
    job.settle({ case: 'not_sent', reply: describeError(error), misconfigured: false })
    return undefined
  }
}

function firstValues(headers: Record<string, unknown>): Record<string, string | undefined> {
  const first: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(headers)) {
    const one: unknown = Array.isArray(value) ? value[0] : value
    if (typeof one === 'string' && !name.startsWith(':')) first[name] = one
  }
  return first
}
