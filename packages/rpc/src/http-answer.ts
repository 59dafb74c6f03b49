import type { AppError } from '@mainstay/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { skipsUnreadBody } from './body.ts'
import type { Call } from './call-state.ts'
import type { Pipeline } from './pipeline.ts'
import { acceptRequestId, newRequestId } from './request-id.ts'
import { errorBody, errorHeaders, httpStatus } from './rest/error-body.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'

/** Puts the headers on an answer that every call gets: its request id, and what its handler and ports have set. */
export function setAnswerHeaders(reply: FastifyReply, call: Call): void {
  reply.header('x-request-id', call.requestId)
  const { answerHeaders } = call
  for (let at = 0; at < answerHeaders.length; at += 2) {
    reply.header(answerHeaders[at] as string, answerHeaders[at + 1])
  }
}

/** Answers a call with an error, as REST writes errors. */
export function sendError(call: Call, request: FastifyRequest, reply: FastifyReply, error: AppError): void {
  setAnswerHeaders(reply, call)
  sendErrorBody(request, reply, error, call.requestId)
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
  reply.header('x-request-id', requestId)
  sendErrorBody(request, reply, error, requestId)
}

function sendErrorBody(
  request: FastifyRequest,
  reply: FastifyReply,
  error: AppError,
  requestId: string,
): void {
  if (!skipsUnreadBody(request.raw)) reply.header('connection', 'close')
  reply
    .code(httpStatus(error))
    .headers(errorHeaders(error))
    .header('content-type', JSON_TYPE)
    .send(JSON.stringify(errorBody(error, requestId)))
}

/** A caller's own limit in milliseconds, as a header says it; undefined when it says nothing sensible. */
export function readTimeoutMs(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^[1-9]\d{0,9}$/.test(header) ? Number(header) : undefined
}
