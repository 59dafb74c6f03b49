import type { FastifyReply, FastifyRequest } from 'fastify'
import { readBody } from '../body.ts'
import type { Call } from '../call-state.ts'
import { refuse } from '../errors.ts'
import { answerHeaders, JSON_TYPE, sendError, writeAnswer } from '../http-answer.ts'
import { bodyLimit } from '../method.ts'
import type { Endpoint, RestContext } from './endpoint.ts'

/** Serves one unary call over REST. */
export async function serveUnary(
  endpoint: Endpoint,
  call: Call,
  segments: readonly string[],
  query: string,
  request: FastifyRequest,
  reply: FastifyReply,
  { pipeline, limits }: RestContext,
): Promise<void> {
  try {
    const admitted = pipeline.admit(call)
    if (admitted !== undefined) await admitted
    const body = await readBody(request.raw, bodyLimit(endpoint.method, limits))
    if (body.length > 0) checkContentType(call.header('content-type'))
    const answer = await pipeline.answer(call, endpoint.read(segments, query, body))
    const text = endpoint.encode(answer)
    writeAnswer(reply, endpoint.method.successStatus, answerHeaders(call, JSON_TYPE), text)
    pipeline.finish(call)
  } catch (error) {
    sendError(call, request, reply, pipeline.fail(call, error))
  }
}

/**
 * JSON must say that it is JSON. A form that some other site lets a browser post cannot, and so it never reaches a
 * method with that browser's cookie.
 */
export function checkContentType(contentType: string | undefined): void {
  if (contentType !== undefined && /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType)) return
  throw refuse(
    'rpc.media_type_unsupported',
    'Send the body as JSON, with the header Content-Type: application/json.',
  )
}
