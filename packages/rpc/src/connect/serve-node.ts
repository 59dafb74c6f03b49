import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { UniversalHandler } from '@connectrpc/connect/protocol'
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node'
import { withTrace } from '@mainstay/kernel'
import type { Protocol } from '../call.ts'
import { Call } from '../call-state.ts'
import { refuse } from '../errors.ts'
import type { Method } from '../method.ts'
import type { Pipeline } from '../pipeline.ts'
import { contextOf } from './handlers.ts'
import { takeTimeoutMs } from './timeouts.ts'

/** A method with its handler in @connectrpc/connect. */
export interface ConnectEndpoint {
  readonly method: Method
  readonly handler: UniversalHandler
}

/** Serves one call through @connectrpc/connect, on HTTP/1.1 or HTTP/2. */
export function serveConnect(
  { method, handler }: ConnectEndpoint,
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
  clientAddress: () => string,
  pipeline: Pipeline,
  maxTimeoutMs: number,
): void {
  const call = new Call(
    {
      method,
      protocol: protocolOf(request.headers['content-type']),
      headers: request.headers,
      clientAddress,
      timeoutMs: takeTimeoutMs(request.headers),
      onDisconnect: (listener) => response.once('close', listener),
    },
    maxTimeoutMs,
  )
  withTrace(call.trace, async () => {
    const answer = await handler(
      universalRequestFromNodeRequest(request, response, undefined, contextOf(call)),
    )
    if (answer.status === 415) {
      pipeline.refused(
        refuse('rpc.media_type_unsupported', 'No such content type is served here.'),
        call.requestId,
      )
    }
    await universalResponseToNodeResponse(answer, response)
  }).catch((error: unknown) => {
    // Writing to a caller who has gone fails; the call itself has been recorded by then.
    if (!response.destroyed) response.destroy(error instanceof Error ? error : undefined)
  })
}

function protocolOf(contentType = ''): Protocol {
  if (contentType.startsWith('application/grpc-web')) return 'grpc-web'
  return contentType.startsWith('application/grpc') ? 'grpc' : 'connect'
}
