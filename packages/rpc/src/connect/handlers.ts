import type {
  DescMessage,
  DescMethodServerStreaming,
  JsonReadOptions,
  JsonWriteOptions,
  Message,
} from '@bufbuild/protobuf'
import {
  ConnectError,
  type ContextValues,
  createConnectRouter,
  createContextKey,
  createContextValues,
  type Interceptor,
  type StreamResponse,
} from '@connectrpc/connect'
import type { UniversalHandler } from '@connectrpc/connect/protocol'
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node'
import { toAppError } from '@mainstay/kernel'
import type { Call } from '../call-state.ts'
import { messageEncoder } from '../codec/encode.ts'
import type { RpcLimits } from '../config.ts'
import { refuse } from '../errors.ts'
import { bodyLimit, type Method } from '../method.ts'
import type { Pipeline } from '../pipeline.ts'
import { decodeMessage } from '../rest/bind.ts'
import { fromTransportError, toConnectError } from './errors.ts'

/** The library takes its own text coders here, but says so only in its internal types. */
type JsonOptions = Partial<JsonReadOptions & JsonWriteOptions>

const callKey = createContextKey<Call | undefined>(undefined)

/** The values that carry our call through @connectrpc/connect. */
export function contextOf(call: Call): ContextValues {
  return createContextValues().set(callKey, call)
}

export interface ConnectProtocols {
  grpc: boolean
  grpcWeb: boolean
  connect: boolean
}

/**
 * A handler of @connectrpc/connect for one method, running our pipeline. It admits the caller before the body is read.
 *
 * A unary method is registered as a server stream of one message: on the wire of gRPC and gRPC-Web the two are the same,
 * and for a stream the library hands us the request before it is parsed, so that a malformed one is refused in our words
 * instead of as an internal error.
 */
export function createConnectHandler(
  method: Method,
  pipeline: Pipeline,
  general: RpcLimits,
  protocols: ConnectProtocols,
): UniversalHandler {
  const limits = { ...general, maxBodyBytes: bodyLimit(method, general) }
  const descriptor = { ...method.descriptor, methodKind: 'server_streaming' } as DescMethodServerStreaming
  const router = createConnectRouter({
    ...protocols,
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes: limits.maxBodyBytes,
    binaryOptions: { readUnknownFields: false },
    jsonOptions: {
      ignoreUnknownFields: false,
      textDecoder: strictDecoder(method.input, limits.maxJsonDepth),
    } as JsonOptions,
    interceptors: [recorder(pipeline, limits)],
    async requestGate(context) {
      const call = callIn(context.values)
      context.responseHeader.set('x-request-id', call.requestId)
      try {
        await pipeline.admit(call)
      } catch (error) {
        throw toConnectError(pipeline.fail(call, error), call.requestId)
      }
    },
  })
  router.rpc(descriptor, async function* (request: Message, context) {
    const call = callIn(context.values)
    if (method.streams) yield* pipeline.stream(call, request)
    else yield await pipeline.answer(call, request)
  })
  const [handler] = router.handlers
  if (handler === undefined) throw new Error(`${method.name} got no handler`)
  return handler
}

function callIn(values: ContextValues): Call {
  const call = values.get(callKey)
  if (call === undefined) throw new Error('A call came to its handler without passing our adapter')
  return call
}

/** Ends each call's record, and gives every error its public form with all its details. */
function recorder(pipeline: Pipeline, limits: RpcLimits): Interceptor {
  return (next) => async (request) => {
    if (!request.stream) throw new Error('Every method is registered as a stream')
    const call = callIn(request.contextValues)
    const message = inTime(request.message, limits)
    try {
      const response = (await next({ ...request, message })) as StreamResponse
      return { ...response, message: recorded(response, call, pipeline) }
    } catch (error) {
      throw toConnectError(pipeline.fail(call, error), call.requestId)
    }
  }
}

/** The request's messages, unless the caller takes too long to send them or sends something else. */
async function* inTime(messages: AsyncIterable<Message>, limits: RpcLimits): AsyncGenerator<Message> {
  let timer: NodeJS.Timeout | undefined
  const tooSlow = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(refuse('rpc.request_timeout', 'The request took too long to arrive.')),
      limits.slowClientTimeoutMs,
    )
  })
  const iterator = messages[Symbol.asyncIterator]()
  try {
    for (;;) {
      const result = await Promise.race([iterator.next(), tooSlow])
      if (result.done) return
      yield result.value
    }
  } catch (error) {
    throw fromTransportError(error, limits.maxBodyBytes)
  } finally {
    clearTimeout(timer)
  }
}

async function* recorded(response: StreamResponse, call: Call, pipeline: Pipeline): AsyncGenerator<Message> {
  let outcome: 'open' | 'ended' = 'open'
  try {
    for await (const message of response.message) {
      setHeaders(response.header, call)
      yield message
    }
    setHeaders(response.header, call)
    outcome = 'ended'
    pipeline.finish(call)
  } catch (error) {
    outcome = 'ended'
    setHeaders(response.header, call)
    throw toConnectError(pipeline.fail(call, error), call.requestId)
  } finally {
    // The library stops asking when the caller is gone: nothing was thrown, and the call is over all the same.
    if (outcome === 'open') pipeline.fail(call, new DOMException('The caller went away.', 'AbortError'))
  }
}

function setHeaders(header: Headers, call: Call): void {
  const { answerHeaders } = call
  for (let at = 0; at < answerHeaders.length; at += 2) {
    header.append(answerHeaders[at] as string, answerHeaders[at + 1] as string)
  }
  answerHeaders.length = 0
}

/**
 * Reads JSON by our decoder, for its strictness and its paths, and hands the library the same message in canonical form. The
 * library asks for a TextDecoder; this is the one place where it lets us see the bytes.
 */
function strictDecoder(input: DescMessage, maxJsonDepth: number): { decode(bytes?: Uint8Array): string } {
  const encode = messageEncoder(input)
  return {
    decode(bytes = new Uint8Array()) {
      try {
        return encode(
          decodeMessage(input, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), maxJsonDepth),
        )
      } catch (thrown) {
        const error = toAppError(thrown)
        throw new ConnectError(error.message, undefined, undefined, undefined, error)
      }
    },
  }
}
