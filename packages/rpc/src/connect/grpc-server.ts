import {
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { CODES, type Logger } from '@mainstay/kernel'
import { clientAddressOf } from '../client-address.ts'
import type { RpcLimits } from '../config.ts'
import { refuse } from '../errors.ts'
import type { Method } from '../method.ts'
import type { Pipeline } from '../pipeline.ts'
import { newRequestId } from '../request-id.ts'
import { createConnectHandler } from './handlers.ts'
import { type ConnectEndpoint, serveConnect } from './serve-node.ts'

/** gRPC on HTTP/2 without TLS (h2c with prior knowledge), which a mesh or a proxy wraps in TLS. */
export interface GrpcServer {
  /** Rejects when the port cannot be had. */
  listen(options: { host: string; port: number }): Promise<void>
  address(): AddressInfo
  /**
   * Takes no new calls, ends open streams, lets the other calls under way finish, and then resolves. A call that never
   * finishes holds it for ever: `closeAllConnections` ends that.
   */
  close(): Promise<void>
  /** Ends every connection now, whatever is under way on it. Clients see the calls on it cut off (`canceled`). */
  closeAllConnections(): void
}

/** Calls that one connection may have open at a time; the next ones wait at the client (RFC 9113 §5.1.2). */
const MAX_CONCURRENT_CALLS = 1000
/** gRPC's usual limit for a connection on which nothing happens; clients connect again by themselves. */
const IDLE_SESSION_MS = 15 * 60_000

export function createGrpcServer(
  methods: readonly Method[],
  pipeline: Pipeline,
  limits: RpcLimits,
  logger: Logger,
): GrpcServer {
  const protocols = { grpc: true, grpcWeb: true, connect: false }
  const endpoints = new Map<string, ConnectEndpoint>(
    methods.map((method) => [
      `/${method.name}`,
      { method, handler: createConnectHandler(method, pipeline, limits, protocols) },
    ]),
  )
  const server = createServer({
    settings: { maxConcurrentStreams: MAX_CONCURRENT_CALLS, maxHeaderListSize: limits.maxHeaderBytes },
  })
  const sessions = new Set<ServerHttp2Session>()
  let closing = false
  server.on('session', (session) => {
    sessions.add(session)
    // It was accepted before we closed, and came to us after.
    if (closing) session.close()
    session.setTimeout(IDLE_SESSION_MS, () => session.close())
    session.on('close', () => sessions.delete(session))
  })
  server.on('sessionError', (error) => logger.debug({ err: error }, 'a gRPC connection broke'))
  server.on('request', (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const endpoint = endpoints.get(request.url)
    if (endpoint === undefined) refuseUnknown(request, response, pipeline)
    else {
      const address = (): string => clientAddressOf(request, limits.trustedProxies)
      serveConnect(endpoint, request, response, address, pipeline, limits.requestTimeoutMs)
    }
  })

  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve()
        })
      }),
    address: () => server.address() as AddressInfo,
    close: () =>
      new Promise((resolve) => {
        closing = true
        server.close(() => resolve())
        for (const session of sessions) session.close()
      }),
    closeAllConnections() {
      for (const session of sessions) session.destroy()
    },
  }
}

/** A gRPC client learns of an unknown method by its status, not by HTTP's 404 (grpc.io PROTOCOL-HTTP2, "Trailers-Only"). */
function refuseUnknown(request: Http2ServerRequest, response: Http2ServerResponse, pipeline: Pipeline): void {
  const error = refuse('rpc.route_not_found', 'There is no such method.')
  pipeline.refused(error, newRequestId(Date.now()))
  if (!request.headers['content-type']?.startsWith('application/grpc')) {
    response.writeHead(404).end()
    return
  }
  response.writeHead(200, {
    'content-type': 'application/grpc',
    'grpc-status': String(CODES.unimplemented.grpc),
    'grpc-message': error.message,
  })
  response.end()
}
