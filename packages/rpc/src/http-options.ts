import { type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { AppError } from '@mainstay/kernel'
import type { FastifyHttpOptions, FastifyReply } from 'fastify'
import type { RpcLimits } from './config.ts'
import { refuse } from './errors.ts'
import { JSON_TYPE } from './http-answer.ts'
import { newRequestId } from './request-id.ts'
import { errorBody, httpStatus } from './rest/error-body.ts'

/**
 * Options for the Fastify server that `registerHttp` is given: the limits that hold before a route is known, and our error
 * body for requests that Node or Fastify refuse by themselves.
 */
export function httpOptions(limits: RpcLimits) {
  return {
    bodyLimit: limits.maxBodyBytes,
    // Headers and body must have arrived by then. What a handler may take is another limit.
    requestTimeout: limits.slowClientTimeoutMs,
    http: {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.slowClientTimeoutMs,
      // Fastify sets the same one after the server is made; Node checks the two against each other before.
      requestTimeout: limits.slowClientTimeoutMs,
      // How exactly Node keeps to the two above.
      connectionsCheckingInterval: Math.min(Math.max(Math.floor(limits.slowClientTimeoutMs / 4), 25), 2500),
    },
    requestIdHeader: false,
    // Ours is made by the pipeline; Fastify's own is never shown.
    genReqId: () => '',
    forceCloseConnections: 'idle',
    // Never reached: `registerHttp` holds the whole URL to its limit, and says so in our words.
    routerOptions: { maxParamLength: limits.maxHeaderBytes },
    clientErrorHandler: (error, socket) => answerSocket(error, socket),
    frameworkErrors(_error, _request, reply) {
      const requestId = newRequestId(Date.now())
      const error = refuse('rpc.request_malformed', 'The path holds a malformed escape.')
      const plain = reply as unknown as FastifyReply
      plain
        .code(httpStatus(error))
        .header('content-type', JSON_TYPE)
        .header('x-request-id', requestId)
        .send(JSON.stringify(errorBody(error, requestId)))
    },
  } satisfies FastifyHttpOptions<Server>
}

/** Answers what never became a request: too long, too slow, not HTTP. The connection ends with it. */
function answerSocket(thrown: NodeJS.ErrnoException, socket: Socket): void {
  // Node keeps the answer under way here, and looks at it for the same reason: text must not land in the middle of it.
  const underWay = (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage
  if (thrown.code === 'ECONNRESET' || !socket.writable || underWay?.headersSent) {
    socket.destroy()
    return
  }
  const error = socketError(thrown.code)
  const requestId = newRequestId(Date.now())
  const body = JSON.stringify(errorBody(error, requestId))
  const status = httpStatus(error)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${JSON_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

function socketError(code: string | undefined): AppError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return refuse('rpc.header_too_large', 'The request line and headers are too large.')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refuse('rpc.request_timeout', 'The request took too long to arrive.')
    default:
      return refuse('rpc.request_malformed', 'This is not HTTP/1.1.')
  }
}
