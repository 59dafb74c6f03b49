import { create, fromBinary, type Message, toBinary } from '@bufbuild/protobuf'
import { withTrace } from '@mainstay/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { readBody } from '../body.ts'
import { Call } from '../call-state.ts'
import { clientAddressOf } from '../client-address.ts'
import { messageEncoder } from '../codec/encode.ts'
import type { RpcLimits } from '../config.ts'
import { refuse } from '../errors.ts'
import { answerHeaders, closeUnlessRead, writeAnswer } from '../http-answer.ts'
import { bodyLimit, type Method } from '../method.ts'
import type { Answer, Pipeline } from '../pipeline.ts'
import { decodeMessage } from '../rest/bind.ts'
import { errorHeaders } from '../rest/error-body.ts'
import { connectErrorJson } from './errors.ts'
import { takeTimeoutMs } from './timeouts.ts'

/** How a message travels in one content type. */
interface Codec {
  readonly contentType: string
  decode(body: Buffer): Message
  encode(answer: Answer): string | Buffer
}

/**
 * Connect's unary protocol is a POST with the bare message for a body (connectrpc.com/docs/protocol#unary-request), so it
 * takes our own fast path, with the same errors as REST, instead of the library's: 5 times as fast for JSON.
 */
export function connectCodecs(method: Method, limits: RpcLimits): ReadonlyMap<string, Codec> {
  const { input, output } = method
  const encodeJson = messageEncoder(output)
  const json: Codec = {
    contentType: 'application/json',
    decode: (body) => decodeMessage(input, body, limits.maxJsonDepth),
    encode: encodeJson,
  }
  const proto: Codec = {
    contentType: 'application/proto',
    decode(body) {
      try {
        return fromBinary(input, body, { readUnknownFields: false })
      } catch (cause) {
        throw refuse('rpc.body_malformed', 'The body is not the message in protobuf’s wire format.', {
          cause,
        })
      }
    },
    encode: (answer) => Buffer.from(toBinary(output, create(output, answer))),
  }
  return new Map([json, proto].map((codec) => [codec.contentType, codec]))
}

/** Serves one unary call over Connect. */
export async function serveConnectUnary(
  method: Method,
  codec: Codec,
  request: FastifyRequest,
  reply: FastifyReply,
  pipeline: Pipeline,
  limits: RpcLimits,
): Promise<void> {
  const { raw } = request
  const call = new Call(
    {
      method,
      protocol: 'connect',
      headers: raw.headers,
      clientAddress: () => clientAddressOf(raw, limits.trustedProxies),
      timeoutMs: takeTimeoutMs(raw.headers),
      onDisconnect: (listener) => reply.raw.once('close', listener),
    },
    limits.requestTimeoutMs,
  )
  await withTrace(call.trace, async () => {
    try {
      const admitted = pipeline.admit(call)
      if (admitted !== undefined) await admitted
      const body = await readBody(raw, bodyLimit(method, limits))
      const answer = await pipeline.answer(call, codec.decode(body))
      const encoded = codec.encode(answer)
      writeAnswer(reply, 200, answerHeaders(call, codec.contentType), encoded)
      pipeline.finish(call)
    } catch (thrown) {
      const error = pipeline.fail(call, thrown)
      const headers = answerHeaders(call, 'application/json')
      headers.push(...errorHeaders(error, headers), ...closeUnlessRead(request))
      writeAnswer(reply, error.httpStatus, headers, connectErrorJson(error, call.requestId))
    }
  })
}
