import type { AppError } from '@mainstay/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { endSoon } from './answer-queue.ts'
import { skipsUnreadBody } from './body.ts'
import type { Call } from './call-state.ts'
import type { Pipeline } from './pipeline.ts'
import { acceptRequestId, newRequestId } from './request-id.ts'
import { errorBody, errorHeaders, httpStatus } from './rest/error-body.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'

/**
 * Writes a whole answer to the socket, with the headers that the application's hooks have set before. It does not go through
 * `reply.send`, whose hooks and checks cost a tenth of a small request.
 *
 * @param headers in pairs: name, value
 */
export function writeAnswer(
  reply: FastifyReply,
  status: number,
  headers: string[],
  body: string | Buffer,
): void {
  const { raw } = reply
  reply.hijack()
  const set = reply.getHeaders()
  for (const name in set) {
    const value = set[name]
    if (!Array.isArray(value)) headers.push(name, String(value))
    else for (const one of value) headers.push(name, one)
  }
  const length = Buffer.byteLength(body)
  headers.push('content-length', String(length))
  raw.writeHead(status, headers)
  // Text of as many bytes as characters is ASCII, which is written as it is.
  endSoon(raw, body, length === body.length ? 'latin1' : 'utf8')
}

/** The headers that every call's answer gets: its type, its request id, and what its handler and ports have set. */
export function answerHeaders(call: Call, contentType: string): string[] {
  return ['content-type', contentType, 'x-request-id', call.requestId, ...call.answerHeaders]
}

/** Answers a call with an error, as REST writes errors. */
export function sendError(call: Call, request: FastifyRequest, reply: FastifyReply, error: AppError): void {
  const headers = answerHeaders(call, JSON_TYPE)
  headers.push(...errorHeaders(error, headers), ...closeUnlessRead(request))
  writeAnswer(reply, httpStatus(error), headers, JSON.stringify(errorBody(error, call.requestId)))
}

/** Answers a request that never became a call: its path, its method or its form is wrong. */
export function answerOutside(
  pipeline: Pipeline,
  request: FastifyRequest,
  reply: FastifyReply,
  error: AppError,
): void {
  const given = request.raw.headers['x-request-id']
  const requestId = acceptRequestId(Array.isArray(given) ? given[0] : given) ?? newRequestId(Date.now())
  pipeline.refused(error, requestId)
  const headers = ['content-type', JSON_TYPE, 'x-request-id', requestId]
  headers.push(...errorHeaders(error, headers), ...closeUnlessRead(request))
  writeAnswer(reply, httpStatus(error), headers, JSON.stringify(errorBody(error, requestId)))
}

/** An answer before the end of a large body closes the connection, so that nobody has to read the rest. */
export function closeUnlessRead(request: FastifyRequest): string[] {
  return skipsUnreadBody(request.raw) ? [] : ['connection', 'close']
}

/** A caller's own limit in milliseconds, as a header says it; undefined when it says nothing sensible. */
export function readTimeoutMs(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^[1-9]\d{0,9}$/.test(header) ? Number(header) : undefined
}
