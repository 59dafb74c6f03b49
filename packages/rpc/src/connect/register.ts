import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { clientAddressOf } from '../client-address.ts'
import type { RpcLimits } from '../config.ts'
import { earlyRoute } from '../early-route.ts'
import { refuse } from '../errors.ts'
import { answerOutside } from '../http-answer.ts'
import type { Method } from '../method.ts'
import type { Pipeline } from '../pipeline.ts'
import { createConnectHandler } from './handlers.ts'
import { serveConnect } from './serve-node.ts'
import { connectCodecs, serveConnectUnary } from './unary.ts'

/** Serves every method over Connect and gRPC-Web, at `/<service>/<method>`. */
export function registerConnect(
  app: FastifyInstance,
  methods: readonly Method[],
  pipeline: Pipeline,
  limits: RpcLimits,
): void {
  for (const method of methods) registerMethod(app, method, pipeline, limits)
  for (const service of new Set(methods.map(({ descriptor }) => descriptor.parent.typeName))) {
    earlyRoute(app, ALL_METHODS, `/${service}/*`, (request, reply) =>
      answerOutside(
        pipeline,
        request,
        reply,
        refuse('rpc.route_not_found', `${service} has no such method.`),
      ),
    )
  }
}

function registerMethod(app: FastifyInstance, method: Method, pipeline: Pipeline, limits: RpcLimits): void {
  const protocols = { grpc: false, grpcWeb: true, connect: method.streams }
  const endpoint = { method, handler: createConnectHandler(method, pipeline, limits, protocols) }
  const codecs = method.streams ? new Map<string, never>() : connectCodecs(method, limits)
  const url = `/${method.name}`

  function serve(request: FastifyRequest, reply: FastifyReply): void {
    const contentType = request.raw.headers['content-type'] ?? ''
    const codec = codecs.get(contentType) ?? codecs.get(essenceOf(contentType))
    if (codec !== undefined) {
      serveConnectUnary(method, codec, request, reply, pipeline, limits).catch((error: unknown) =>
        reply.send(error),
      )
    } else if (endpoint.handler.supportedContentType(contentType)) {
      reply.hijack()
      const address = (): string => clientAddressOf(request.raw, limits.trustedProxies)
      serveConnect(endpoint, request.raw, reply.raw, address, pipeline, limits.requestTimeoutMs)
    } else {
      const message = 'Send application/json or application/proto (Connect), or application/grpc-web.'
      answerOutside(pipeline, request, reply, refuse('rpc.media_type_unsupported', message))
    }
  }

  earlyRoute(app, ['POST'], url, serve)
  earlyRoute(
    app,
    ALL_METHODS.filter((name) => name !== 'POST'),
    url,
    (request, reply) => {
      reply.header('allow', 'POST')
      answerOutside(pipeline, request, reply, refuse('rpc.method_not_allowed', 'This path takes POST.'))
    },
  )
}

const ALL_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

function essenceOf(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
}
