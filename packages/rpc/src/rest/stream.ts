import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { readBody } from '../body.ts'
import type { Call } from '../call-state.ts'
import type { Target } from '../codec/decode.ts'
import { answerHeaders, sendError } from '../http-answer.ts'
import type { Endpoint, RestContext } from './endpoint.ts'
import { errorBody } from './error-body.ts'
import { checkContentType } from './unary.ts'

/** How a stream is written: what a message, an error, the end and a sign of life look like. */
interface Format {
  readonly contentType: string
  message(json: string, resumeToken: unknown): string
  error(json: string): string
  readonly end: string
  readonly heartbeat: string
}

/** Server-sent events (WHATWG HTML §9.2). The `end` event tells a page to close; without it a browser asks again. */
const eventStream: Format = {
  contentType: 'text/event-stream; charset=utf-8',
  message: (json, resumeToken) =>
    typeof resumeToken === 'string' && /^[^\r\n\0]+$/.test(resumeToken)
      ? `id: ${resumeToken}\ndata: ${json}\n\n`
      : `data: ${json}\n\n`,
  error: (json) => `event: error\ndata: ${json}\n\n`,
  end: 'event: end\ndata: {}\n\n',
  heartbeat: ':\n\n',
}

/** One JSON value a line; an empty line is a sign of life, and a line with `error` is the last. */
const jsonLines: Format = {
  contentType: 'application/x-ndjson; charset=utf-8',
  message: (json) => `${json}\n`,
  error: (json) => `${json}\n`,
  end: '',
  heartbeat: '\n',
}

/** How long the first message may keep the status line waiting: a stream that fails at once still gets its own status. */
const OPENING_MS = 100

/**
 * Serves a server stream over REST: as server-sent events, or as lines of JSON for `Accept: application/x-ndjson`. The
 * message's `resume_token` is the event's id, and a `Last-Event-ID` header is the request's `resume_token`: a
 * browser's EventSource goes on where it was cut off.
 */
export async function serveStream(
  endpoint: Endpoint,
  call: Call,
  segments: readonly string[],
  query: string,
  request: FastifyRequest,
  reply: FastifyReply,
  { pipeline, limits }: RestContext,
): Promise<void> {
  const format = call.header('accept')?.includes('application/x-ndjson') ? jsonLines : eventStream
  const output = createOutput(call, reply, format, limits.streamHeartbeatMs)
  try {
    await pipeline.admit(call)
    const body = await readBody(request.raw, limits.maxBodyBytes)
    if (body.length > 0) checkContentType(call.header('content-type'))
    const message = endpoint.read(segments, query, body)
    resumeAfter(message as unknown as Target, call.header('last-event-id'))
    const answers = pipeline.stream(call, message)
    output.openSoon()
    for await (const answer of answers) {
      await output.write(format.message(endpoint.encode(answer), (answer as Target).resumeToken))
    }
    await output.write(format.end)
    output.close()
    pipeline.finish(call)
  } catch (error) {
    const problem = pipeline.fail(call, error)
    output.close()
    if (output.opened) reply.raw.end(format.error(JSON.stringify(errorBody(problem, call.requestId))))
    else sendError(call, request, reply, problem)
    return
  }
  reply.raw.end()
}

/** What a reconnecting EventSource has seen last is newer than what the page first asked for. */
function resumeAfter(message: Target, lastEventId: string | undefined): void {
  if (lastEventId !== undefined && typeof message.resumeToken === 'string') message.resumeToken = lastEventId
}

interface Output {
  readonly opened: boolean
  /** Sends the headers in a moment, unless a message does first. */
  openSoon(): void
  /** Resolves when the socket takes more: a slow reader slows the handler down and never fills our memory. */
  write(text: string): Promise<void>
  /** Stops the signs of life. */
  close(): void
}

function createOutput(call: Call, reply: FastifyReply, format: Format, heartbeatMs: number): Output {
  const { raw } = reply
  let opened = false
  let opening: NodeJS.Timeout | undefined
  let heartbeat: NodeJS.Timeout | undefined

  function open(): void {
    if (opened) return
    opened = true
    clearTimeout(opening)
    reply.hijack()
    raw.writeHead(200, [
      ...Object.entries(reply.getHeaders()).flatMap(([name, value]) => [name, String(value)]),
      ...answerHeaders(call, format.contentType),
      'cache-control',
      'no-store',
      // nginx would hold events back until its buffer is full.
      'x-accel-buffering',
      'no',
    ])
    raw.flushHeaders()
    heartbeat = setInterval(() => raw.writableNeedDrain || raw.write(format.heartbeat), heartbeatMs)
  }

  return {
    get opened() {
      return opened
    },
    openSoon() {
      opening = setTimeout(open, OPENING_MS)
    },
    async write(text) {
      open()
      heartbeat?.refresh()
      if (text !== '' && !raw.write(text)) await drained(raw)
    },
    close() {
      clearTimeout(opening)
      clearInterval(heartbeat)
    },
  }
}

function drained(raw: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      raw.off('drain', done)
      raw.off('close', done)
      resolve()
    }
    raw.on('drain', done)
    raw.on('close', done)
    if (raw.destroyed) done()
  })
}
